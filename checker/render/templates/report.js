(() => {
  "use strict";
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const tools = document.getElementById("tools");
  const marks = all("mark");
  const entries = all(".entry");
  const severities = ["error", "warning", "info"];
  const card = new Map(entries.map((entry) => [entry.dataset.n, entry.closest(".card")]));
  const numbers = (mark) => mark.dataset.n.split(" ");
  const shown = (number) => card.has(number) && !card.get(number).hidden;

  // All pieces of one finding light up together, however the text is cut.
  function light(number) {
    all(".hit").forEach((element) => element.classList.remove("hit"));
    marks.filter((mark) => numbers(mark).includes(number)).forEach((mark) => mark.classList.add("hit"));
    const entry = document.getElementById("f" + number);
    if (entry) entry.classList.add("hit");
  }

  // The other half of a jump follows on a wide screen, where text and list stand side by side.
  function follow(id) {
    const match = /^([ft])(\d+)$/.exec(id);
    if (!match) return;
    light(match[2]);
    const entry = document.getElementById("f" + match[2]);
    const list = entry && entry.closest(".list");
    if (!list || getComputedStyle(list).position !== "sticky") return;
    if (match[1] === "t") {
      list.scrollTop += entry.getBoundingClientRect().top - list.getBoundingClientRect().top - 40;
    } else {
      const place = document.getElementById("t" + match[2]);
      if (place) place.scrollIntoView({ block: "center" });
    }
  }

  function open(id) {
    const element = document.getElementById(id);
    const details = element && element.closest("details");
    if (details) details.open = true;
  }

  function go(id) {
    if (location.hash === "#" + id) location.hash = "";
    location.hash = id;
  }

  function step(by) {
    const visible = entries.filter((entry) => shown(entry.dataset.n));
    if (!visible.length) return;
    const now = visible.findIndex((entry) => entry.classList.contains("hit"));
    const next = visible[now < 0 ? (by > 0 ? 0 : visible.length - 1) : (now + by + visible.length) % visible.length];
    const place = document.getElementById("t" + next.dataset.n);
    go((place ? "t" : "f") + next.dataset.n);
    if (!place) next.focus();
  }

  function filter() {
    const wanted = new Set(all("input:checked", tools).map((box) => box.value));
    const rule = document.getElementById("rule").value;
    new Set(card.values()).forEach((element) => {
      element.hidden = !wanted.has(element.dataset.severity) || (rule !== "" && rule !== element.dataset.rule);
    });
    all(".ref").forEach((ref) => { ref.hidden = !shown(ref.dataset.n); });
    all(".pins").forEach((pins) => { pins.hidden = all(".ref", pins).every((ref) => ref.hidden); });
    marks.forEach((mark) => {
      const levels = numbers(mark).filter(shown).map((number) => card.get(number).dataset.severity);
      severities.forEach((level) => mark.classList.remove(level));
      mark.classList.toggle("off", levels.length === 0);
      const gravest = severities.find((level) => levels.includes(level));
      if (gravest) mark.classList.add(gravest);
    });
    const count = entries.filter((entry) => shown(entry.dataset.n)).length;
    tools.querySelector("output").textContent = count === entries.length ? "共" + count + "条" : "显示" + count + "条，共" + entries.length + "条";
  }

  marks.forEach((mark) => mark.addEventListener("click", () => {
    const number = numbers(mark).filter(shown).pop();
    if (number && String(getSelection()) === "") go("f" + number);
  }));
  addEventListener("hashchange", () => { const id = location.hash.slice(1); open(id); follow(id); });
  addEventListener("beforeprint", () => all("details").forEach((details) => { details.open = true; }));
  if (tools) {
    tools.hidden = false;
    tools.addEventListener("change", filter);
    document.getElementById("back").addEventListener("click", () => step(-1));
    document.getElementById("on").addEventListener("click", () => step(1));
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
      if (event.key === "j") step(1);
      if (event.key === "k") step(-1);
    });
    filter();
  }
  follow(location.hash.slice(1));
})();
