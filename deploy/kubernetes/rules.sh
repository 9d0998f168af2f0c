#!/usr/bin/env bash
# Prints the alerts of deploy/prometheus as what the Prometheus Operator reads:
#
#   deploy/kubernetes/rules.sh | kubectl apply -f -
#
# A Prometheus that takes only rules with a label: LABELS='{release: kube-prometheus-stack}' deploy/kubernetes/rules.sh
set -euo pipefail
cat <<HEAD
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: lead-router
  namespace: lead-router
  labels: ${LABELS:-{\}}
spec:
HEAD
sed 's/^/  /' "$(dirname "${BASH_SOURCE[0]}")/../prometheus/alerts.yml"
