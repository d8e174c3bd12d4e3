(() => {
  "use strict";
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const tools = document.getElementById("tools");
  const marks = all("mark");
  const entries = all(".entry");
  const looks = ["error", "warning", "info", "accepted"];
  const card = new Map(entries.map((entry) => [entry.dataset.n, entry.closest(".card")]));
  const numbers = (mark) => mark.dataset.n.split(" ");
  const shown = (number) => card.has(number) && !card.get(number).hidden;

  function darken() {
    all(".hit, .was").forEach((element) => element.classList.remove("hit", "was"));
  }

  // All pieces of one place light up together, however the text is cut.
  function light(number) {
    darken();
    marks.filter((mark) => numbers(mark).includes(number)).forEach((mark) => mark.classList.add("hit"));
    const entry = document.getElementById("f" + number);
    if (entry) entry.classList.add("hit");
  }

  // Whether text and list stand side by side; else the list comes first and the text under it.
  const beside = (list) => getComputedStyle(list).position === "sticky";

  // The other half of a jump follows on a wide screen, where text and list stand side by side.
  function follow(id) {
    const match = /^([ft])(\d+)$/.exec(id);
    if (!match) {
      darken();
      all("[data-for]").filter((piece) => piece.dataset.for.split(" ").includes(id)).forEach((piece) => piece.classList.add("hit"));
      return;
    }
    light(match[2]);
    const entry = document.getElementById("f" + match[2]);
    const list = entry && entry.closest(".list");
    if (!list || !beside(list)) return;
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
    if (location.hash !== "#" + id) { location.hash = id; return; }
    document.getElementById(id).scrollIntoView();
    follow(id);
  }

  // Where one stood before each jump, so that one can go back there.
  const trail = [];
  const giveBack = document.getElementById("return");

  // Without a finding to walk to, the bar is there only while there is a way back.
  function offer() {
    giveBack.hidden = trail.length === 0;
    document.getElementById("walk").hidden = !tools && giveBack.hidden;
  }

  function remember(element) {
    const list = element.closest(".list");
    trail.push({ element, list, page: scrollY, scrolled: list ? list.scrollTop : 0 });
    offer();
  }

  function goBack() {
    const last = trail.pop();
    if (!last) return;
    offer();
    darken();
    last.element.classList.add("was");
    if (last.element.tabIndex >= 0) last.element.focus({ preventScroll: true });
    scrollTo(0, last.page);
    if (last.list) last.list.scrollTop = last.scrolled;
    const box = last.element.getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight) last.element.scrollIntoView({ block: "center" });
  }

  function step(by) {
    const visible = entries.filter((entry) => shown(entry.dataset.n));
    if (!visible.length) return;
    const now = visible.findIndex((entry) => entry.classList.contains("hit"));
    const next = visible[now < 0 ? (by > 0 ? 0 : visible.length - 1) : (now + by + visible.length) % visible.length];
    const list = next.closest(".list");
    const place = list && beside(list) && document.getElementById("t" + next.dataset.n);
    const id = (place ? "t" : "f") + next.dataset.n;
    go(id);
    follow(id);
    if (!place) next.focus({ preventScroll: true });
    document.getElementById("now").textContent = visible.indexOf(next) + 1 + "/" + visible.length;
  }

  function filter() {
    const wanted = new Set(all("input:checked", tools).map((box) => box.value));
    const rule = document.getElementById("rule").value;
    new Set(card.values()).forEach((element) => {
      element.hidden = !wanted.has(element.dataset.look) || (rule !== "" && rule !== element.dataset.rule);
    });
    all(".ref").forEach((ref) => { ref.hidden = !shown(ref.dataset.n); });
    all(".pins").forEach((pins) => { pins.hidden = all(".ref", pins).every((ref) => ref.hidden); });
    marks.forEach((mark) => {
      const levels = numbers(mark).filter(shown).map((number) => card.get(number).dataset.look);
      looks.forEach((level) => mark.classList.remove(level));
      mark.classList.toggle("off", levels.length === 0);
      const gravest = looks.find((level) => levels.includes(level));
      if (gravest) mark.classList.add(gravest);
    });
    all(".filtered").forEach((note) => { note.hidden = all(".card", note.parentElement).some((element) => !element.hidden); });
    const count = entries.filter((entry) => shown(entry.dataset.n)).length;
    const some = count < entries.length;
    document.getElementById("clear").hidden = !some;
    document.getElementById("shown").textContent = some ? "显示" + count + "条，共" + entries.length + "条" : "共" + count + "条";
  }

  function showAll() {
    all("input", tools).forEach((box) => { box.checked = true; });
    document.getElementById("rule").value = "";
    filter();
    document.getElementById("rule").focus();
  }

  function uncover(number) {
    if (number && card.has(number) && !shown(number)) showAll();
  }

  marks.forEach((mark) => mark.addEventListener("click", () => {
    const number = numbers(mark).filter(shown).pop();
    if (!number || String(getSelection()) !== "") return;
    remember(mark);
    go("f" + number);
  }));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    remember(link);
    const id = link.hash.slice(1);
    uncover(/^f\d+$/.test(id) ? id.slice(1) : "");
    open(id);
    if (location.hash === link.hash) follow(id);
  });
  giveBack.addEventListener("click", goBack);
  offer();
  addEventListener("hashchange", () => { const id = location.hash.slice(1); open(id); follow(id); });
  const moves = { KeyJ: () => step(1), KeyK: () => step(-1), KeyB: goBack, Escape: goBack };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT" || !moves[event.code]) return;
    moves[event.code]();
    event.preventDefault();
  });
  if (tools) {
    tools.hidden = false;
    tools.addEventListener("change", filter);
    document.getElementById("clear").addEventListener("click", showAll);
    document.getElementById("back").addEventListener("click", () => step(-1));
    document.getElementById("on").addEventListener("click", () => step(1));
    filter();
  }
  open(location.hash.slice(1));
  follow(location.hash.slice(1));
})();
