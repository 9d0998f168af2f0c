// Improves the pages; every one of them works without. What it does is in docs/architecture.md, The pages.
"use strict";
(() => {
    const main = () => document.getElementById("main");
    const address = () => location.pathname + location.search;

    // What happens without a new page is said to those who don't see it.
    const spoken = document.createElement("div");
    spoken.className = "enter";
    spoken.setAttribute("aria-live", "polite");
    document.body.append(spoken);
    const say = words => { spoken.textContent = words; };

    // ---- Copy buttons. Browsers have a clipboard only where nobody can listen: over https, and on this machine.
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
                const words = await navigator.clipboard
                    .writeText(copy ?? (copyFrom ? document.getElementById(copyFrom).value : text.textContent))
                    .then(() => "Copied", () => "Not copied: select it by hand");
                button.textContent = words;
                say(words);
                setTimeout(() => { button.textContent = "Copy"; }, 2000);
            });
            text.after(button);
        }
    }

    // ---- The browser knows its time zone; an account that has chosen none gets it.
    function timeZones(root) {
        for (const input of root.querySelectorAll("input[data-time-zone]"))
            input.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
    }

    // ---- Passkeys. What to ask the browser is in the form, and its answer goes back as a field of it.
    function passkeys(root) {
        if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON || !navigator.credentials)
            return;
        for (const form of root.querySelectorAll("form[data-passkey]")) {
            form.hidden = false;
            form.querySelector("button").disabled = false;
            form.querySelector("[data-passkey-missing]")?.remove();
        }
    }

    async function askForPasskey({ passkey, passkeyOptions, passkeyPages }) {
        if (location.origin !== new URL(passkeyPages).origin)
            throw new Error(`Passkeys of this router work at ${new URL(passkeyPages).origin} only: open it there.`);
        const options = JSON.parse(passkeyOptions);
        const credential = passkey === "create"
            ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
            : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
        return JSON.stringify(credential.toJSON());
    }

    document.addEventListener("submit", async event => {
        const form = event.target.closest("form[data-passkey]");
        if (!form)
            return;
        event.preventDefault();
        const error = form.querySelector("[data-passkey-error]");
        error.textContent = "";
        try {
            form.elements.credential.value = await askForPasskey(form.dataset);
            form.submit();
        } catch (refused) {
            error.textContent = {
                InvalidStateError: "This device has a passkey of your account already.",
                NotAllowedError: "Nothing was confirmed: it was canceled, took too long, or there is no passkey for this. Try again.",
            }[refused.name] ?? refused.message;
        }
    });

    function improve(root) {
        copyButtons(root);
        timeZones(root);
        passkeys(root);
    }

    // ---- Another version of the page in place of this one.
    const parse = html => new DOMParser().parseFromString(html, "text/html");
    let shown = null;       // what the server said last
    let shownAt = address();
    let version = 0;        // an answer to a question of before the last press is old

    // Without what differs each time or was added here.
    function essence(page) {
        const copy = page.cloneNode(true);
        for (const one of copy.querySelectorAll(".notice, .stale, input[name=form_token], button.copy"))
            one.remove();
        return copy.innerHTML;
    }

    // How to find what has the focus again: never by its place, or Enter would press somebody else's button.
    function finder(element) {
        if (!element || !main().contains(element))
            return () => null;
        const keys = ["id", "aria-label", "href", "name"].filter(key => element.getAttribute(key));
        return () => keys.length === 0 ? null : [...main().querySelectorAll(element.localName)]
            .find(other => keys.every(key => other.getAttribute(key) === element.getAttribute(key)));
    }

    function show(other) {
        const next = other.getElementById("main");
        const find = finder(document.activeElement);
        const hadFocus = main().contains(document.activeElement);
        const scrolled = [...document.querySelectorAll(".table")].map(table => table.scrollLeft);
        shown = essence(next);
        main().innerHTML = next.innerHTML;
        main().className = next.className;
        main().dataset.live = next.dataset.live ?? "";
        document.title = other.title;
        improve(main());
        [...document.querySelectorAll(".table")].forEach((table, i) => { table.scrollLeft = scrolled[i] ?? 0; });
        if (hadFocus) {
            main().tabIndex = -1;
            (find() ?? main()).focus({ preventScroll: true });
        }
    }

    // ---- Pages that go on changing are looked at again while somebody looks at them.
    // An unattended page must not keep its session alive.
    const attention = 30 * 60 * 1000;
    let touched = Date.now();
    for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"])
        addEventListener(kind, () => { touched = Date.now(); }, { passive: true });

    function isTyped(field) {
        if (field.localName === "select")
            return field.selectedIndex !== Math.max(0, [...field.options].findIndex(option => option.defaultSelected));
        return field.matches("[type=checkbox], [type=radio]") ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
    }

    // Somebody is in the middle of something here, or still has to read what came of a press.
    const isBusy = () => main().querySelector("details[open], [aria-invalid=true], [role=alert]:not(:empty)") !== null
        || document.activeElement?.matches("#main :is(input:not([type=hidden]), select, textarea)")
        || [...main().querySelectorAll("input:not([type=hidden]), select, textarea")].some(isTyped)
        || !getSelection().isCollapsed;

    let failures = 0;
    let since = new Date();
    function upToDate(isUpToDate) {
        document.querySelector(".stale")?.remove();
        failures = isUpToDate ? 0 : failures + 1;
        if (isUpToDate)
            since = new Date();
        if (failures < 2)
            return;
        const bar = document.createElement("p");
        bar.className = "warn stale";
        bar.setAttribute("role", "status");
        bar.textContent = `Not up to date since ${since.toLocaleTimeString()}: the router does not answer. It is asked again.`;
        main().prepend(bar);
    }

    async function look() {
        const seconds = Number(main().dataset.live);
        if (!seconds)
            return;
        const isWatched = main().dataset.watch || Date.now() - touched < attention;
        if (!document.hidden && !isBusy() && isWatched)
            await lookOnce();
        setTimeout(look, seconds * 1000);
    }

    async function lookOnce() {
        const asked = version;
        try {
            const response = await fetch(location.href, { signal: AbortSignal.timeout(30_000) });
            if (asked !== version)
                return;
            if (new URL(response.url).pathname !== location.pathname) {
                location.assign(response.url);
                return;
            }
            const other = parse(await response.text());
            const next = other.getElementById("main");
            upToDate(response.ok && next !== null);
            if (!response.ok || !next || asked !== version || essence(next) === shown || isBusy())
                return;
            // Whoever reads further down keeps the line.
            const line = scrollY === 0 ? null : [...main().querySelectorAll("a[href]")].find(link => link.getBoundingClientRect().top >= 0);
            const [before, find] = [line?.getBoundingClientRect().top, finder(line)];
            // What was said once is still to be read.
            const notices = [...main().querySelectorAll(".notice")].map(notice => [notice.parentElement.id, notice]);
            show(other);
            for (const [id, notice] of notices)
                document.getElementById(id)?.prepend(notice);
            const after = find()?.getBoundingClientRect().top;
            if (after !== undefined)
                scrollBy(0, after - before);
        } catch {
            upToDate(false);
        }
    }

    // ---- Switches and the like: the page stays where it is.
    let isSending = false;
    document.addEventListener("submit", async event => {
        const form = event.target.closest("form[data-inplace]");
        if (!form)
            return;
        event.preventDefault();
        if (isSending)
            return;
        isSending = true;
        version++;
        const button = event.submitter;
        button?.setAttribute("aria-busy", "true");
        let response;
        try {
            response = await fetch(button?.getAttribute("formaction") ?? form.action,
                { method: "POST", body: new URLSearchParams(new FormData(form, button)) });
        } catch {
            // Nothing has answered: without script, then.
            isSending = false;
            form.removeAttribute("data-inplace");
            form.requestSubmit(button);
            return;
        }
        try {
            const other = parse(await response.text());
            const url = new URL(response.url);
            if (!other.getElementById("main")) {
                location.assign(url.href);
                return;
            }
            const isElsewhere = url.pathname !== location.pathname;
            if (isElsewhere) {
                history.pushState(null, "", url.href);
                shownAt = address();
            }
            show(other);
            version++;
            const said = [...main().querySelectorAll(".notice, [role=alert]")];
            say(said.map(one => one.textContent.trim().replace(/\s+/g, " ")).join(" "));
            if (isElsewhere)
                scrollTo(0, 0);
            else
                said.find(one => one.getAttribute("role") === "alert")?.scrollIntoView({ block: "nearest" });
        } finally {
            isSending = false;
        }
    });
    // Also comes for a link within the page.
    addEventListener("popstate", () => {
        if (address() !== shownAt)
            location.reload();
    });

    improve(document);
    if (main()?.dataset.live) {
        shown = essence(main());
        setTimeout(look, Number(main().dataset.live) * 1000);
    }
})();
