// Improves the pages; every one of them works without. What it does is in docs/architecture.md, The pages.
"use strict";
(() => {
    const main = () => document.getElementById("main");
    // An unattended page must not keep its session alive.
    const attention = 30 * 60 * 1000;
    let touched = Date.now();
    for (const kind of ["pointerdown", "keydown", "scroll"])
        addEventListener(kind, () => { touched = Date.now(); }, { passive: true });

    // What happens without a new page is said to those who don't see it.
    const live = document.createElement("div");
    live.className = "enter";
    live.setAttribute("aria-live", "polite");
    document.body.append(live);
    const say = words => { live.textContent = words; };

    // Copy buttons. Browsers have a clipboard only where nobody can listen: over https, and on this machine.
    function copyButtons(root) {
        if (!navigator.clipboard)
            return;
        for (const text of root.querySelectorAll("pre.secret, pre.copy, [data-copy], [data-copy-from]")) {
            const button = document.createElement("button");
            button.type = "button";
            button.className = "copy";
            button.textContent = "Copy";
            button.setAttribute("aria-label", `Copy ${text.dataset.what ?? "this"}`);
            button.addEventListener("click", async () => {
                const { copy, copyFrom } = text.dataset;
                await navigator.clipboard.writeText(copy ?? (copyFrom ? document.getElementById(copyFrom).value : text.textContent));
                button.textContent = "Copied";
                say("Copied");
                setTimeout(() => { button.textContent = "Copy"; }, 2000);
            });
            text.after(button);
        }
    }

    // The browser knows its time zone; an account that has chosen none gets it.
    function timeZones(root) {
        for (const input of root.querySelectorAll("input[data-time-zone]"))
            input.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
    }

    function improve(root) {
        copyButtons(root);
        timeZones(root);
    }

    let shown = null;
    const focusable = "a[href], button, input, select, textarea, summary, [tabindex]";

    // What the server has said, without what differs each time or was added here.
    function essence(page) {
        const copy = page.cloneNode(true);
        for (const one of copy.querySelectorAll(".notice, input[name=form_token], button.copy"))
            one.remove();
        return copy.innerHTML;
    }

    // Puts another version of the page in its place; what had the focus has it again.
    function show(other) {
        const [now, next] = [main(), other.getElementById("main")];
        const index = [...now.querySelectorAll(focusable)].indexOf(document.activeElement);
        const id = document.activeElement?.id;
        shown = essence(next);
        now.innerHTML = next.innerHTML;
        now.className = next.className;
        now.dataset.live = next.dataset.live ?? "";
        document.title = other.title;
        improve(now);
        const again = (id && document.getElementById(id)) || (index < 0 ? null : now.querySelectorAll(focusable)[index]);
        again?.focus({ preventScroll: true });
    }

    const parse = html => new DOMParser().parseFromString(html, "text/html");

    // Somebody is in the middle of something here.
    const isBusy = () => main().querySelector("details[open], [aria-invalid=true]") !== null
        || document.activeElement?.matches("input:not([type=hidden]), select, textarea") || !getSelection().isCollapsed;

    // Lists and results that go on changing: looked at again while somebody looks.
    async function look() {
        const seconds = Number(main().dataset.live);
        if (!seconds)
            return;
        setTimeout(look, seconds * 1000);
        if (document.hidden || isBusy() || Date.now() - touched > attention && !main().dataset.watch)
            return;
        try {
            const response = await fetch(location.href);
            if (!response.ok || new URL(response.url).pathname !== location.pathname)
                return;
            const other = parse(await response.text());
            const next = other.getElementById("main");
            if (!next || essence(next) === shown || isBusy())
                return;
            // It was said once, and is still to be read.
            const notice = main().querySelector(":scope > .notice");
            show(other);
            if (notice)
                main().prepend(notice);
        } catch {
            // The router is away for a moment: what is shown stays.
        }
    }

    // Switches and the like: the page stays where it is.
    document.addEventListener("submit", async event => {
        const form = event.target.closest("form[data-inplace]");
        if (!form)
            return;
        event.preventDefault();
        const button = event.submitter;
        const body = new URLSearchParams(new FormData(form, button));
        button?.setAttribute("aria-busy", "true");
        try {
            const response = await fetch(button?.getAttribute("formaction") ?? form.action, { method: "POST", body });
            const other = parse(await response.text());
            if (!other.getElementById("main"))
                throw new Error("no page");
            const url = new URL(response.url);
            if (url.pathname !== location.pathname)
                history.pushState(null, "", url.href);
            show(other);
            say([...main().querySelectorAll("[role=status], [role=alert], .error")].map(one => one.textContent.trim()).join(" "));
            if (url.pathname !== location.pathname || url.hash === "" && main().querySelector("[role=alert]"))
                scrollTo(0, 0);
        } catch {
            form.removeAttribute("data-inplace");
            form.requestSubmit(button);
        }
    });
    addEventListener("popstate", () => location.reload());

    improve(document);
    if (main()?.dataset.live) {
        shown = essence(main());
        setTimeout(look, Number(main().dataset.live) * 1000);
    }
})();
