# shellcheck shell=bash disable=SC2154
# What a Prometheus of yours needs to read the demo. Sourced by start.sh.

# The same as deploy/prometheus/prometheus.yml, with this demo's addresses. Nothing in it is secret.
configure_prometheus() {
    cat >"$dir/prometheus.yml" <<CONF
# Written by deploy/start.sh at each start. Look with:
#   prometheus --config.file=$at/prometheus.yml --storage.tsdb.path=$at/prometheus --web.listen-address=127.0.0.1:9090
global: {scrape_interval: 15s, evaluation_interval: 15s}
rule_files: ["$repo/deploy/prometheus/alerts.yml"]
scrape_configs:
  - {job_name: lead-router-api, static_configs: [{targets: ["$api_metrics"]}]}
  - {job_name: lead-router-worker, static_configs: [{targets: ["$worker_metrics"]}]}
  - {job_name: rabbitmq, metrics_path: /metrics/per-object, static_configs: [{targets: ["${RABBITMQ_PROMETHEUS_URL#http://}"]}]}
CONF
}
