(() => {
  "use strict";
  // What stands where in a row; worklist.py writes them.
  const U = { name: 0, type: 1, known: 2, verdict: 3, counts: 4, accepted: 5, missing: 6, unread: 7, page: 8, form: 9, levels: 10, turn: 11, state: 12 };
  const P = { unit: 0, name: 1, part: 2, person: 3, kind: 4, words: 5, limit: 6, over: 7, recognised: 8, counts: 9, copy: 10 };
  const O = { unit: 0, sort: 1, person: 2, kind: 3, clause: 4, reason: 5, files: 6 };
  const C = { words: 0, share: 1, passages: 2, same: 3, first: 4, second: 5 };
  const S = { unit: 0, person: 1, name: 2, kind: 3, page: 4, quote: 5 };
  const F = { unit: 0, sort: 1, person: 2, kind: 3, name: 4, reason: 5 };
  const SEVERITIES = [["error", "错误"], ["warning", "提醒"], ["info", "提示"]];
  const OWED = ["没有收到", "没有要求、多交的", "不用交的", "按有关规定办理的"];
  const FILES = ["没有读成的", "不知道是谁的", "归属是推测的", "旧版本，没有检查", "重复的，没有检查"];
  const FILE_SORTS = ["unread", "nobody", "guess", "older", "same"];
  const OWED_SORTS = ["missing", "surplus", "none", "special"];
  const PRINTED = 3000;

  const byId = (id) => document.getElementById(id);
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const data = JSON.parse(byId("data").textContent);
  const { units, papers, texts } = data;

  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    children.forEach((child) => { if (child !== "" && child !== null && child !== undefined) element.append(child); });
    return element;
  }

  // A link to a path in the folder of the results. It begins with ./ whatever the path, so it is never a scheme.
  function link(path, ...children) {
    if (!path) return make("span", "", ...children);
    const element = make("a", "", ...children);
    element.href = path.startsWith("./") ? path : "./" + path.split("/").map(encodeURIComponent).join("/");
    return element;
  }

  // A cell across the whole table. Columns that are not there would take their share of the width.
  const width = (table) => table.tHead.rows[0].cells.length;

  const hidden = (words) => make("span", "hidden", words);

  // ── rows that are drawn while they are near the screen ──────────────

  class List {
    // `host` is the table, or the box, that holds the rows; `root` what scrolls (null: the page).
    constructor(host, draw, size, root) {
      Object.assign(this, { host, draw, size, table: host.tagName === "TABLE", chunks: [], height: 0 });
      this.observer = new IntersectionObserver((seen) => this.see(seen), { root: root || null, rootMargin: "1200px 0px" });
    }

    show(rows) {
      this.rows = rows;
      this.observer.disconnect();
      this.chunks.forEach((chunk) => chunk.remove());
      this.chunks = [];
      const whole = document.createDocumentFragment();
      for (let start = 0; start < rows.length; start += this.size) {
        const chunk = make(this.table ? "tbody" : "div", "chunk");
        chunk.start = start;
        this.chunks.push(chunk);
        whole.append(chunk);
      }
      if (this.chunks.length) this.fill(this.chunks[0]);
      this.host.append(whole);
      // The height of rows not drawn yet is taken from those drawn first; the browser keeps its place when they differ.
      if (this.chunks.length > 1) {
        this.height = this.chunks[0].getBoundingClientRect().height / this.size;
        this.chunks.slice(1).forEach((chunk) => this.clear(chunk, this.height * Math.min(this.size, rows.length - chunk.start)));
      }
      this.chunks.forEach((chunk) => this.observer.observe(chunk));
    }

    see(seen) {
      seen.forEach((entry) => {
        if (entry.isIntersecting) this.fill(entry.target);
        else if (entry.target.filled && entry.boundingClientRect.height && !entry.target.contains(document.activeElement)) {
          this.clear(entry.target, entry.boundingClientRect.height);
        }
      });
    }

    fill(chunk) {
      if (chunk.filled) return;
      chunk.textContent = "";
      chunk.style.height = "";
      this.rows.slice(chunk.start, chunk.start + this.size).forEach((row) => chunk.append(...this.draw(row)));
      chunk.filled = true;
    }

    clear(chunk, height) {
      chunk.textContent = "";
      chunk.filled = false;
      if (!this.table) { chunk.style.height = height + "px"; return; }
      const gap = make("td", "gap");
      gap.colSpan = width(this.host);
      gap.style.height = height + "px";
      chunk.append(make("tr", "gap", gap));
    }

    // The row is on the page afterwards, however far away it was.
    reach(row) {
      const place = this.rows.indexOf(row);
      if (place >= 0) this.fill(this.chunks[Math.floor(place / this.size)]);
    }

    fillAll(most) {
      this.chunks.filter((chunk) => chunk.start < most).forEach((chunk) => this.fill(chunk));
    }
  }

  // ── what a reviewer is through with ─────────────────────────────────

  const store = "kaohe-screen-" + data.key;
  let done = {};

  function loadDone() {
    try {
      const kept = JSON.parse(localStorage.getItem(store) || "{}");
      done = kept && typeof kept === "object" ? kept : {};
    } catch (error) { byId("volatile").hidden = false; }
  }

  function keepDone() {
    try { localStorage.setItem(store, JSON.stringify(done)); } catch (error) { byId("volatile").hidden = false; }
  }

  const own = (name) => Object.prototype.hasOwnProperty.call(done, name);
  const isDone = (unit) => own(unit[U.name]) && done[unit[U.name]] === unit[U.state];
  const isStale = (unit) => own(unit[U.name]) && done[unit[U.name]] !== unit[U.state];

  function save() {
    const names = units.filter(isDone).map((unit) => unit[U.name]);
    const url = URL.createObjectURL(new Blob(["\ufeff" + names.join("\r\n") + "\r\n"], { type: "text/plain;charset=utf-8" }));
    const way = make("a");
    way.href = url;
    way.download = "已处理的单位.txt";
    way.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  // ── pieces ──────────────────────────────────────────────────────────

  const numberOf = new Map(units.map((unit, number) => [unit, number]));
  const papersOf = units.map(() => []);
  papers.forEach((paper) => papersOf[paper[P.unit]].push(paper));
  const owedOf = units.map(() => []);
  data.owed.forEach((owed) => owedOf[owed[O.unit]].push(owed));

  const fileName = (name, part) => (part ? name + "（第" + (part + 1) + "份）" : name);

  function badge(unit) {
    const [id, sign, name] = data.verdicts[unit[U.verdict]];
    const mark = make("span", "", sign);
    mark.setAttribute("aria-hidden", "true");
    return make("span", "badge " + id, mark, " " + name);
  }

  function number(value, className, name) {
    const cell = make("td", "number " + (value ? className : "nil"), value ? String(value) : "－");
    cell.dataset.name = name;
    return cell;
  }

  const tally = (counts) => {
    const box = make("span", "tally");
    SEVERITIES.forEach(([id, name], place) => {
      if (counts[place]) box.append(make("span", id, ["× ", "! ", "· "][place] + name + counts[place]));
    });
    return box;
  };

  // Whose it is; the unit is a number, or a name where it is none of the list.
  function owner(unit, person, page) {
    const known = typeof unit === "number";
    const name = known ? units[unit][U.name] : unit;
    const element = link(known ? units[unit][U.page] : page, name || (known ? "" : "（单位不明）"));
    if (known) element.dataset.unit = unit;
    return [element, person ? make("span", "person", person) : ""];
  }

  // ── the parts of the page ───────────────────────────────────────────

  const open = new Set();

  function drawUnit(unit) {
    const place = numberOf.get(unit);
    const box = make("input");
    box.type = "checkbox";
    box.checked = isDone(unit);
    box.dataset.done = place;
    const name = link(unit[U.page], unit[U.name]);
    name.dataset.unit = place;
    const more = make("button", "more-of", open.has(place) ? "收起" : "展开");
    more.type = "button";
    more.dataset.more = place;
    more.setAttribute("aria-expanded", open.has(place));
    more.append(hidden("：" + unit[U.name]));
    const [errors, warnings, infos] = unit[U.counts];
    const copies = papersOf[place].filter((paper) => paper[P.copy]).length;
    const row = make(
      "tr", box.checked ? "unit-row done-row" : "unit-row",
      make("td", "done", make("label", "", box, hidden("已处理：" + unit[U.name]), make("span", "phone", " 已处理"))),
      make("th", "unit", name, unit[U.known] ? "" : make("small", "flag", "花名册上没有"), isStale(unit) ? make("small", "flag", "处理后又有变化") : ""),
      make("td", "type", texts[unit[U.type]]),
      make("td", "verdict", badge(unit)),
      number(errors, "error", "错误"), number(warnings, "warning", "提醒"), number(infos, "info", "提示"),
      number(papersOf[place].length, "", "材料"), number(unit[U.missing], "error", "缺交"), number(unit[U.unread].length, "error", "未读"),
      data.turns ? make("td", "turn", turn(unit[U.turn])) : "",
      make("td", "links", unit[U.form] ? link(unit[U.form], "意见表") : "", copies ? make("span", "more", "批注" + copies) : "", more),
    );
    row.querySelector("th").scope = "row";
    row.dataset.row = place;
    return open.has(place) ? [row, drawMore(place)] : [row];
  }

  function turn(counts) {
    if (!counts) return make("span", "more", "上一轮没有");
    if (counts[3]) return make("span", "flag", "这一轮没有交");
    const [mended, remaining, fresh] = counts;
    return make("span", "", "改" + mended + " 余" + remaining + " ", fresh ? make("strong", "error", "新" + fresh) : "新0");
  }

  // Everything of one unit, under its row.
  function drawMore(place) {
    const unit = units[place];
    const list = make("ul", "papers");
    papersOf[place].forEach((paper) => {
      const words = paper[P.words] + "字" + (paper[P.over] ? "，超过上限" + (paper[P.words] - paper[P.limit]) + "字" : "");
      list.append(make(
        "li", "", make("span", "", texts[paper[P.kind]], paper[P.person] ? make("span", "person", paper[P.person]) : ""), make("span", paper[P.over] ? "error" : "more", words),
        tally(paper[P.counts]), paper[P.copy] ? link(paper[P.copy], "加批注的文件") : "", make("span", "file-name", fileName(paper[P.name], paper[P.part])),
      ));
    });
    unit[U.unread].forEach(([name, why]) => list.append(make("li", "", make("strong", "error", "？ 没有读成"), make("span", "file-name", name), why)));
    owedOf[place].forEach((owed) => {
      const sort = make(owed[O.sort] ? "span" : "strong", owed[O.sort] ? "more" : "error", (owed[O.sort] ? "－ " : "× ") + OWED[owed[O.sort]]);
      list.append(make("li", "", sort, texts[owed[O.kind]], owed[O.person] ? make("span", "person", owed[O.person]) : "", make("span", "file-name", owed[O.files]), make("span", "more", texts[owed[O.reason]] + (texts[owed[O.clause]] ? "（" + texts[owed[O.clause]] + "）" : ""))));
    });
    if (unit[U.accepted]) list.append(make("li", "more", "√ 另有" + unit[U.accepted] + "处已有处理意见"));
    if (!list.firstChild) list.append(make("li", "more", "没有收到任何材料。"));
    const cell = make("td", "", list);
    cell.colSpan = width(document.querySelector("table.units"));
    return make("tr", "more-row", cell);
  }

  // No table: where a few rows come and go, the layout of all the others would be worked out again, cell by cell.
  function role(element, name) {
    element.setAttribute("role", name);
    return element;
  }

  const begins = (place) => place > 0 && data.columns[place][1] !== data.columns[place - 1][1];

  function drawHeat(unit) {
    const name = link(unit[U.page], unit[U.name]);
    name.dataset.unit = numberOf.get(unit);
    const row = role(make("div", "heat-row", role(make("div", "heat-name", name), "rowheader")), "row");
    data.columns.forEach(([topic], place) => {
      const level = data.levels[unit[U.levels][place]] || ["", "", "没有总结"];
      const cell = role(make("div", "cell " + level[0] + (begins(place) ? " apart" : ""), level[1]), "cell");
      cell.setAttribute("aria-label", topic + "：" + level[2]);
      row.append(cell);
    });
    return [row];
  }

  let lacking = -1;

  // The heads are buttons that leave only the units without this topic; with each the share of these.
  function drawHeatHead(rows) {
    const line = byId("heat-head");
    line.textContent = "";
    line.append(role(make("div", "heat-name", rows.length + "个单位"), "columnheader"));
    data.columns.forEach(([name], place) => {
      let asked = 0, absent = 0;
      rows.forEach((unit) => {
        const letter = unit[U.levels][place];
        if (letter && letter !== "-" && letter !== " ") asked += 1;
        if (letter === "x") absent += 1;
      });
      const share = asked ? Math.round(100 * absent / asked) : 0;
      const button = make("button", "", make("span", "topic", name), make("span", share ? "share-of bad" : "share-of", share || !absent ? share + "%" : "<1%"));
      button.type = "button";
      button.dataset.lack = place;
      button.title = name + "：" + absent + "个单位未写到（共" + asked + "个）";
      button.setAttribute("aria-pressed", lacking === place);
      line.append(role(make("div", begins(place) ? "cell-head apart" : "cell-head", button), "columnheader"));
    });
  }

  function drawWords(paper) {
    const { words, limit } = { words: paper[P.words], limit: paper[P.limit] };
    const beyond = words - limit;
    // The limit stands at two thirds of the bar in every row.
    const percent = (value) => Math.min(100, value / limit / 1.5 * 100) + "%";
    const bar = make("div", "meter");
    const filled = make("i", "filled");
    filled.style.width = percent(Math.min(words, limit));
    bar.append(filled);
    if (beyond > 0) {
      const rest = make("i", "beyond");
      rest.style.width = "calc(" + percent(words) + " - " + percent(limit) + ")";
      bar.append(rest);
    }
    bar.append(make("i", "limit"));
    const state = beyond <= 0 ? "没有超过" : paper[P.over] ? "超" + beyond + "字" : "多" + beyond + "字，识别有误差，请核对";
    const head = make("th", "unit", ...owner(paper[P.unit], paper[P.person]));
    head.scope = "row";
    return [make(
      "tr", "", head,
      make("td", "kind", texts[paper[P.kind]], make("span", "file-name", fileName(paper[P.name], paper[P.part]))),
      make("td", "count", make("strong", "", (paper[P.recognised] ? "约" : "") + words), " / " + limit),
      make("td", "bars", bar, make("span", beyond > 0 ? "error" : "more", (paper[P.over] ? "× " : "") + state)),
    )];
  }

  function drawOwed(owed) {
    const head = make("th", "unit", ...owner(owed[O.unit], owed[O.person]));
    head.scope = "row";
    const sort = owed[O.sort];
    return [make(
      "tr", "", head, make("td", "kind", texts[owed[O.kind]], owed[O.files] ? make("span", "file-name", owed[O.files]) : ""),
      make("td", "why", make("span", sort ? "sort" : "sort error", (sort ? "－ " : "× ") + OWED[sort]), " ", texts[owed[O.reason]]),
      make("td", "clause", texts[owed[O.clause]]),
    )];
  }

  function drawSide(side) {
    const quote = make("blockquote");
    side[S.quote].forEach((piece, place) => { if (piece) quote.append(place % 2 ? make("mark", "", piece) : piece); });
    return make(
      "div", "side",
      make("p", "whose", ...owner(side[S.unit], side[S.person], side[S.page]), make("span", "more", texts[side[S.kind]])),
      make("p", "file-name", side[S.name], typeof side[S.unit] === "number" ? "" : "（只用来比对）"), quote,
    );
  }

  function drawCopy(copy) {
    const facts = copy[C.same] ? "× 两份完全相同" : "! " + copy[C.words] + "字相同";
    const rest = copy[C.same] ? copy[C.words] + "字" : "占较短一份的" + copy[C.share] + "%，" + copy[C.passages] + "处";
    return [make("article", "pair", make("p", "pair-head", make("span", copy[C.same] ? "badge return" : "badge remarks", facts), make("span", "more", rest)), make("div", "both", drawSide(copy[C.first]), drawSide(copy[C.second])))];
  }

  function drawFigure([indicator, period, values]) {
    const list = make("ul");
    values.forEach(([value, sides]) => {
      const says = make("ul");
      sides.forEach((side) => says.append(make("li", "", ...owner(side[S.unit], side[S.person], side[S.page]), make("span", "more", texts[side[S.kind]]), make("q", "", side[S.quote]))));
      const many = sides.length > 12;
      const shown = many ? make("details", "", make("summary", "", "看是哪" + sides.length + "份材料"), says) : says;
      list.append(make("li", "value", make("p", "", make("strong", "", value), " " + sides.length + "份材料"), shown));
    });
    return [make("article", "figure", make("h3", "", indicator, period ? make("small", "", period) : ""), list)];
  }

  function drawFile(file) {
    const head = make("th", "file", file[F.name]);
    head.scope = "row";
    const sort = file[F.sort];
    const sign = ["？ ", "？ ", "! ", "－ ", "－ "][sort];
    const whose = file[F.unit] === "" ? [make("span", "more", sort ? "－" : "")] : owner(file[F.unit], file[F.person]);
    return [make(
      "tr", "", head, make("td", "unit", ...whose, texts[file[F.kind]] ? make("span", "file-name", texts[file[F.kind]]) : ""),
      make("td", "why", make("span", sort < 2 ? "sort error" : "sort", sign + FILES[sort].split("，")[0]), " ", texts[file[F.reason]]),
    )];
  }

  // ── filters ─────────────────────────────────────────────────────────

  const query = byId("query"), verdict = byId("verdict"), type = byId("type"), only = byId("only"), order = byId("order"), over = byId("over");
  const whose = (unit) => (typeof unit === "number" ? units[unit][U.name] : unit);
  const words = {
    unit: (unit, place) => [unit[U.name], ...papersOf[place].map((paper) => paper[P.person] + " " + paper[P.name]), ...unit[U.unread].map(([name]) => name), ...owedOf[place].map((owed) => owed[O.person] + " " + owed[O.files])],
    paper: (paper) => [whose(paper[P.unit]), paper[P.person], paper[P.name], texts[paper[P.kind]]],
    owed: (owed) => [whose(owed[O.unit]), owed[O.person], owed[O.files], texts[owed[O.kind]]],
    copy: (copy) => [copy[C.first], copy[C.second]].flatMap((side) => [whose(side[S.unit]), side[S.person], side[S.name]]),
    figure: ([indicator, , values]) => [indicator, ...values.flatMap(([, sides]) => sides.map((side) => whose(side[S.unit]) + " " + side[S.name]))],
    file: (file) => [whose(file[F.unit]), file[F.person], file[F.name]],
  };
  const hays = new Map();

  // Made at the first search: most visits need none.
  function hay(kind, rows) {
    if (!hays.has(kind)) hays.set(kind, new Map(rows.map((row, place) => [row, words[kind](row, place).join("\n").toLowerCase()])));
    return hays.get(kind);
  }

  function fits(kind, rows, chosen) {
    const wanted = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!wanted.length) return chosen;
    const found = hay(kind, rows);
    return chosen.filter((row) => wanted.every((word) => found.get(row).includes(word)));
  }

  const conditions = {
    "": () => true,
    missing: (unit) => unit[U.missing] > 0,
    unread: (unit) => unit[U.unread].length > 0,
    unknown: (unit) => !unit[U.known],
    new: (unit) => Boolean(unit[U.turn]) && (unit[U.turn][2] > 0 || unit[U.turn][3] > 0),
    todo: (unit) => !isDone(unit),
    done: isDone,
  };
  let chosen = null;

  function choose() {
    if (!verdict.value && !type.value && !only.value) { chosen = null; return; }
    const condition = conditions[only.value];
    chosen = new Set(units.filter((unit) => (!verdict.value || unit[U.verdict] === Number(verdict.value)) && (!type.value || unit[U.type] === Number(type.value)) && condition(unit)));
  }

  const ofChosen = (unit) => chosen === null || (typeof unit === "number" && chosen.has(units[unit]));
  const orders = {
    errors: (a, b) => b[U.counts][0] - a[U.counts][0],
    missing: (a, b) => b[U.missing] - a[U.missing],
    name: (a, b) => a[U.name].localeCompare(b[U.name], "zh"),
  };

  const section = (id) => byId("view-" + id);
  const lists = {
    list: new List(document.querySelector("table.units"), drawUnit, 40),
    heat: new List(document.querySelector(".heat"), drawHeat, 12, document.querySelector(".heat-box")),
    words: new List(document.querySelector("table.words"), drawWords, 40),
    owed: new List(document.querySelector("table.owed"), drawOwed, 40),
    copies: new List(document.querySelector(".pairs"), drawCopy, 8),
    figures: new List(document.querySelector(".figures"), drawFigure, 4),
    files: new List(document.querySelector("table.files"), drawFile, 40),
  };
  const limited = papers.filter((paper) => paper[P.limit]).sort((a, b) => b[P.words] - b[P.limit] - (a[P.words] - a[P.limit]));
  const surveyed = units.filter((unit) => unit[U.levels].trim());
  const across = (copy) => copy[C.first][S.unit] !== copy[C.second][S.unit];
  const copySorts = [["", "全部", () => true], ["across", "不同单位之间", across], ["within", "同一单位之内", (copy) => !across(copy)], ["same", "完全相同", (copy) => copy[C.same]]];
  const sorts = {
    owed: OWED.map((name, place) => [OWED_SORTS[place], name, (owed) => owed[O.sort] === place]),
    copies: copySorts,
    files: FILES.map((name, place) => [FILE_SORTS[place], name, (file) => file[F.sort] === place]),
  };
  const sortOf = (view) => section(view).querySelector(".sorts");
  const picked = (view) => sorts[view].find(([id]) => id === sortOf(view).value)[2];

  // For each part: all rows it has, and those that the filters leave.
  const rowsOf = {
    list() {
      const rows = fits("unit", units, chosen === null ? units : units.filter((unit) => chosen.has(unit)));
      return orders[order.value] ? rows.slice().sort(orders[order.value]) : rows;
    },
    heat() {
      const rows = fits("unit", units, surveyed.filter((unit) => chosen === null || chosen.has(unit)));
      drawHeatHead(rows);
      return lacking < 0 ? rows : rows.filter((unit) => unit[U.levels][lacking] === "x");
    },
    words: () => fits("paper", papers, limited.filter((paper) => ofChosen(paper[P.unit]) && (!over.checked || paper[P.over]))),
    owed: () => fits("owed", data.owed, data.owed.filter((owed) => ofChosen(owed[O.unit]) && picked("owed")(owed))),
    copies: () => fits("copy", data.copies, data.copies.filter((copy) => (ofChosen(copy[C.first][S.unit]) || ofChosen(copy[C.second][S.unit])) && picked("copies")(copy))),
    figures: () => fits("figure", data.figures, data.figures.filter(([, , values]) => values.some(([, sides]) => sides.some((side) => ofChosen(side[S.unit]))))),
    files: () => fits("file", data.files, data.files.filter((file) => ofChosen(file[F.unit]) && picked("files")(file))),
  };
  const whole = { list: units, heat: surveyed, words: limited, owed: data.owed, copies: data.copies, figures: data.figures, files: data.files };
  const measure = { list: "个单位", heat: "个单位", words: "份", owed: "条", copies: "对", figures: "个数据", files: "个" };

  let view = "list";

  function refresh() {
    choose();
    const filtered = Boolean(query.value.trim() || verdict.value || type.value || only.value);
    byId("clear").hidden = !filtered;
    if (!lists[view]) return;
    const rows = rowsOf[view]();
    lists[view].show(rows);
    const box = section(view);
    const note = box.querySelector(".none");
    note.hidden = rows.length > 0;
    note.textContent = filtered || (view === "heat" && lacking >= 0) ? "按现在的查找和筛选没有要显示的。" : note.dataset.all;
    lists[view].host.hidden = !rows.length && view !== "heat";
    tell(rows.length);
  }

  function tell(count) {
    const total = whole[view].length;
    let said = sorts[view] || count === total ? "共" + count + measure[view] : "显示" + count + measure[view] + "，共" + total + measure[view];
    if (view === "list") {
      const through = units.filter(isDone).length;
      said += through ? "；已处理" + through + "个" : "";
      byId("save").hidden = !through;
    }
    section(view).querySelector(".shown").textContent = said;
    const lack = byId("lack");
    lack.hidden = lacking < 0;
    if (lacking >= 0) {
      const button = make("button", "", "看全部单位");
      button.type = "button";
      button.dataset.lack = lacking;
      lack.textContent = "只看没有写到「" + data.columns[lacking][0] + "」的 ";
      lack.append(button);
    }
  }

  function go(id) {
    const target = section(id) ? id : "list";
    view = target;
    all(".view").forEach((element) => { element.hidden = element !== section(target); });
    all("#views a").forEach((way) => {
      if (way.hash === "#" + target) way.setAttribute("aria-current", "page");
      else way.removeAttribute("aria-current");
    });
    byId("tools").hidden = !lists[target];
    fit();
    refresh();
  }

  // The heads of the tables stay in view under the bar of filters, which is higher where it breaks into lines.
  function fit() {
    document.documentElement.style.setProperty("--tools", byId("tools").offsetHeight + "px");
  }

  function clearAll() {
    query.value = verdict.value = type.value = only.value = "";
    refresh();
    query.focus();
  }

  // ── where the reviewer was, for the way back from a unit's page ─────

  const place = "kaohe-place-" + data.key;
  let last = -1;

  function keepPlace() {
    const kept = { view, last, y: scrollY, box: document.querySelector(".heat-box").scrollTop, values: [query, verdict, type, only, order].map((field) => field.value), over: over.checked, lacking, sorts: Object.keys(sorts).map((name) => sortOf(name).value) };
    try { sessionStorage.setItem(place, JSON.stringify(kept)); } catch (error) { /* then the page begins at its top */ }
  }

  function findPlace() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(place));
      if (!kept) return null;
      [query, verdict, type, only, order].forEach((field, number_) => { field.value = kept.values[number_]; });
      all("select").forEach((field) => { if (field.selectedIndex < 0) field.selectedIndex = 0; });
      over.checked = kept.over;
      lacking = kept.lacking < data.columns.length ? kept.lacking : -1;
      Object.keys(sorts).forEach((name, number_) => { if (sorts[name].some(([id]) => id === kept.sorts[number_])) sortOf(name).value = kept.sorts[number_]; });
      return kept;
    } catch (error) { return null; }
  }

  function goBack(kept) {
    if (units[kept.last]) {
      const rows = lists[view] && (view === "list" || view === "heat") ? lists[view] : null;
      if (rows) rows.reach(units[kept.last]);
      const way = section(view).querySelector("[data-unit='" + kept.last + "']");
      if (way) {
        scrollTo(0, kept.y);
        if (view === "heat") document.querySelector(".heat-box").scrollTop = kept.box;
        const box = way.getBoundingClientRect();
        if (box.top < 0 || box.bottom > innerHeight) way.scrollIntoView({ block: "center" });
        const row = way.closest("tr, .heat-row, .side, li");
        if (row) row.classList.add("was");
        way.focus({ preventScroll: true });
        return;
      }
    }
    scrollTo(0, kept.y);
  }

  // ── hands ───────────────────────────────────────────────────────────

  function redraw(number_) {
    const row = document.querySelector("tr[data-row='" + number_ + "']");
    if (!row) return;
    if (row.nextElementSibling && row.nextElementSibling.className === "more-row") row.nextElementSibling.remove();
    row.replaceWith(...drawUnit(units[number_]));
  }

  function toggle(number_) {
    if (!open.delete(number_)) open.add(number_);
    redraw(number_);
    const button = document.querySelector("[data-more='" + number_ + "']");
    if (button) button.focus({ preventScroll: true });
  }

  function step(by) {
    const ways = all("[data-unit]", section(view));
    if (!ways.length) return;
    const at = ways.indexOf(document.activeElement);
    const next = ways[at < 0 ? 0 : Math.min(ways.length - 1, Math.max(0, at + by))];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("click", (event) => {
    const way = event.target.closest("a");
    if (way && way.dataset.unit) last = Number(way.dataset.unit);
    if (way && way.classList.contains("tile")) {
      query.value = type.value = only.value = "";
      verdict.value = way.dataset.verdict || "";
      if (way.dataset.sort) sortOf(way.hash.slice(1)).value = way.dataset.sort;
      if (location.hash === way.hash) refresh();
    }
    if (way && way.classList.contains("tile")) byId("views").scrollIntoView();
    const button = event.target.closest("button");
    if (button && button.dataset.more) toggle(Number(button.dataset.more));
    if (button && button.dataset.lack) { const topic = Number(button.dataset.lack); lacking = lacking === topic ? -1 : topic; refresh(); }
    const cell = event.target.closest(".heat .cell");
    if (cell && !String(getSelection())) { const target = cell.parentElement.querySelector("a"); if (target) target.click(); }
  });
  document.addEventListener("mouseover", (event) => {
    const cell = event.target.closest(".heat .cell");
    if (cell && !cell.title) cell.title = cell.parentElement.firstChild.textContent + "，" + cell.getAttribute("aria-label");
  });

  document.addEventListener("change", (event) => {
    const number_ = event.target.dataset.done;
    if (number_ === undefined) return;
    const unit = units[Number(number_)];
    loadDone();
    if (event.target.checked) done[unit[U.name]] = unit[U.state];
    else delete done[unit[U.name]];
    keepDone();
    redraw(Number(number_));
    const again = document.querySelector("[data-done='" + number_ + "']");
    if (again) again.focus({ preventScroll: true });
    tell(lists.list.rows.length);
  });
  addEventListener("storage", (event) => { if (event.key === store) { loadDone(); if (view === "list") refresh(); } });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName) && event.target.type !== "checkbox";
    if (event.key === "Escape" && event.target === query && query.value) { query.value = ""; refresh(); event.preventDefault(); }
    if (typing) return;
    if (event.key === "/") { query.focus(); query.select(); event.preventDefault(); }
    if (event.code === "KeyJ") { step(1); event.preventDefault(); }
    if (event.code === "KeyK") { step(-1); event.preventDefault(); }
  });
  addEventListener("hashchange", () => go(location.hash.slice(1)));
  addEventListener("resize", fit);
  addEventListener("pagehide", keepPlace);
  addEventListener("beforeprint", () => { if (lists[view]) lists[view].fillAll(PRINTED); });
  query.addEventListener("input", refresh);
  [verdict, type, only, order, over].forEach((field) => field.addEventListener("change", refresh));
  byId("clear").addEventListener("click", clearAll);
  byId("save").addEventListener("click", save);

  const types = new Map();
  units.forEach((unit) => types.set(unit[U.type], (types.get(unit[U.type]) || 0) + 1));
  types.forEach((count, id) => type.append(new Option((texts[id] || "（没有写明）") + "（" + count + "）", id)));
  Object.keys(sorts).forEach((name) => {
    const field = sortOf(name);
    const counts = sorts[name].map(([, , fit]) => whole[name].filter(fit).length);
    sorts[name].forEach(([id, label], number_) => field.append(new Option(label + "（" + counts[number_] + "）", id)));
    // Begin with what there is.
    field.selectedIndex = Math.max(0, counts.findIndex((count) => count > 0));
    field.addEventListener("change", refresh);
  });
  all(".static-only, tbody.static").forEach((element) => element.remove());
  all("#views, #tools, .sort").forEach((element) => { element.hidden = false; });
  document.documentElement.classList.add("live");
  loadDone();
  if ("scrollRestoration" in history) history.scrollRestoration = "manual";
  const kept = findPlace();
  go(location.hash.slice(1) || (kept && kept.view) || "list");
  if (kept && kept.view === view) goBack(kept);
})();
