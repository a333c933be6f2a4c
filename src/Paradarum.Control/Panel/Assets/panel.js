// What needs the browser itself: the choice of colours, copying, focus, and where one looks. Everything else happens on the server.
(() => {
  const root = document.documentElement;

  function choose(theme) {
    const known = theme === "light" || theme === "dark";
    if (known) root.dataset.theme = theme;
    else delete root.dataset.theme;
    document.cookie = `paradarum-theme=${known ? theme : ""}; path=/; SameSite=Lax; max-age=${known ? 31536000 : 0}`;
    mark();
  }

  function mark() {
    for (const button of document.querySelectorAll("[data-theme-choice]"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (root.dataset.theme ?? "auto")));
  }

  async function copy(button) {
    const text = button.dataset.copy;
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      // Without TLS a browser gives no clipboard: then by selecting it.
      const box = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, className: "unseen" });
      document.body.append(box);
      box.select();
      done = document.execCommand("copy");
      box.remove();
      button.focus();
    }
    button.dataset.copied = done ? "Copied" : "Press Ctrl-C";
    setTimeout(() => delete button.dataset.copied, 2000);
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target.closest("[data-theme-choice], [data-copy], [data-skip]") : null;
    if (!target) return;
    if (target.dataset.themeChoice) choose(target.dataset.themeChoice);
    else if (target.dataset.copy !== undefined) copy(target);
    else {
      event.preventDefault();
      document.getElementById("main")?.focus();
    }
  });

  // What is refused is said at the top of the page; what was pressed may stand at its end.
  function reveal(changes) {
    for (const change of changes)
      for (const node of change.addedNodes)
        if (node instanceof Element && node.matches(".problem[role=alert]")) node.scrollIntoView({ block: "nearest" });
  }

  // The buttons come and go with the page.
  new MutationObserver((changes) => {
    mark();
    reveal(changes);
  }).observe(document.body, { childList: true, subtree: true });
  mark();
})();
