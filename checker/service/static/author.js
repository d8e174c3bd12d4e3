// The author's page without waiting in the dark: files by dragging, 字数 while typing, progress, another try when the
// service is busy. Without this script the form works as it is.
(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const form = at("check");
  const send = at("send");
  const text = at("text");
  const drop = at("drop");
  const KEPT = 30 * 60 * 1000;
  const STORE = "kaohe-text";
  const TRIES = 20;

  // ---- the files ----

  let picked = [];
  const megabytes = (size) => (size < 1048576 ? Math.max(1, Math.round(size / 1024)) + " KB" : (size / 1048576).toFixed(1) + " MB");
  // What systems and office programs leave lying about is no paper.
  const litter = (name) => /^(\.|~\$|thumbs\.db$|desktop\.ini$)/i.test(name);

  function show(said) {
    const list = at("chosen");
    list.replaceChildren(...picked.map((file, index) => {
      const item = document.createElement("li");
      const name = document.createElement("span");
      name.textContent = file.name;
      const size = document.createElement("span");
      size.className = "size";
      size.textContent = megabytes(file.size);
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "quiet small";
      remove.textContent = "移除";
      remove.setAttribute("aria-label", "移除" + file.name);
      remove.addEventListener("click", () => {
        picked.splice(index, 1);
        show("已移除" + file.name + "，还有" + picked.length + "个文件。");
        const rest = list.querySelectorAll("button");
        (rest[Math.min(index, rest.length - 1)] || at("files")).focus();
      });
      item.append(name, size, remove);
      return item;
    }));
    at("chosen-said").textContent = said;
  }

  function add(files) {
    const papers = files.filter((file) => !litter(file.name));
    // A file that was chosen again is the newer one of the same name and place.
    const place = (file) => file.webkitRelativePath + "/" + file.name;
    const again = new Set(papers.map(place));
    picked = picked.filter((file) => !again.has(place(file))).concat(papers);
    const size = picked.reduce((sum, file) => sum + file.size, 0);
    hideAlert();
    if (!papers.length) show("里面没有找到材料文件。");
    else show("已选" + picked.length + "个文件，共" + megabytes(size) + "。");
  }

  for (const input of [at("files"), at("folder")]) {
    input.addEventListener("change", () => {
      add(Array.from(input.files));
      input.value = "";
    });
  }
  drop.classList.add("scripted"); // what was chosen stands in our list, so the browser's own words are not needed
  at("folder-field").hidden = !("webkitdirectory" in at("folder"));
  at("drop-help").hidden = false;

  // A dropped folder tells its files a hundred at a time.
  const all = (reader) => new Promise((done, failed) => reader.readEntries(done, failed))
    .then((some) => (some.length ? all(reader).then((rest) => some.concat(rest)) : some));
  function walk(entry) {
    if (entry.isFile) return new Promise((done) => entry.file((file) => done([file]), () => done([])));
    return all(entry.createReader()).then((inner) => Promise.all(inner.map(walk))).then((lists) => lists.flat(), () => []);
  }

  const carriesFiles = (event) => Array.from(event.dataTransfer.types).includes("Files");
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    drop.classList.add("over");
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    drop.classList.remove("over");
    const entries = Array.from(event.dataTransfer.items || [], (item) => item.webkitGetAsEntry && item.webkitGetAsEntry());
    const plain = Array.from(event.dataTransfer.files);
    if (entries.some((entry) => entry && entry.isDirectory)) {
      Promise.all(entries.filter(Boolean).map(walk)).then((lists) => add(lists.flat()));
    } else add(plain);
  });

  // ---- 字数 ----

  const limits = JSON.parse(form.dataset.limits);
  let later = 0;

  function limit() {
    const notice = at("notice");
    const known = notice ? limits[notice.value] : Object.values(limits)[0];
    return (known || {})[at("kind").value] || 0;
  }

  function count() {
    const value = globalThis.kaoheCount(text.value);
    const most = limit();
    const beside = at("count-limit");
    at("count-line").hidden = false;
    at("count").value = value;
    beside.className = most && value > most ? "over" : "";
    beside.textContent = !most ? "" : value > most ? "超出上限" + most + "字，多" + (value - most) + "字" : "上限" + most + "字，还可以写" + (most - value) + "字";
    // Said aloud once the typing rests, not at every key.
    clearTimeout(later);
    later = setTimeout(() => { at("count-said").textContent = text.value ? "字数" + value + "。" + beside.textContent : ""; }, 1200);
  }

  for (const element of [text, at("kind"), at("notice")]) {
    if (element) element.addEventListener("input", count);
  }

  // ---- a pasted text outlives a sign-in that ran out, and is there again for the next check ----

  function keep() {
    try {
      if (text.value) sessionStorage.setItem(STORE, JSON.stringify({ text: text.value, at: Date.now() }));
      else sessionStorage.removeItem(STORE);
    } catch (error) { /* a browser that keeps nothing */ }
  }

  function restore() {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(STORE));
      if (kept && Date.now() - kept.at > KEPT) { kept = null; sessionStorage.removeItem(STORE); }
    } catch (error) { return; }
    const wanted = form.elements.again.value || (kept && kept.unsent);
    if (kept && wanted && !text.value) text.value = kept.text;
  }

  function unsent() {
    try {
      sessionStorage.setItem(STORE, JSON.stringify({ text: text.value, at: Date.now(), unsent: true }));
    } catch (error) { /* as above */ }
  }

  // ---- sending ----

  const alert = at("alert");
  let request = null;
  let timer = 0;
  let stale = false;
  let tries = 0;

  function hideAlert() { alert.hidden = true; }

  function tell(words, list, ways) {
    at("alert-text").textContent = words;
    at("alert-list").replaceChildren(...(list || []).map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
    at("alert-ways").replaceChildren(...(ways || []));
    alert.hidden = false;
    alert.focus();
    alert.scrollIntoView({ block: "nearest" });
  }

  function busy(words) {
    at("progress").hidden = !words;
    send.disabled = Boolean(words);
    form.setAttribute("aria-busy", words ? "true" : "false");
    if (words && at("progress-said").textContent !== words) at("progress-said").textContent = words;
  }

  function rest() {
    clearInterval(timer);
    request = null;
    const inside = at("progress").contains(document.activeElement);
    busy("");
    if (inside) send.focus();
  }

  at("stop").addEventListener("click", () => {
    if (request) request.abort();
    rest();
    at("chosen-said").textContent = "已取消，没有检查。";
    send.focus();
  });

  function packed() {
    const data = new FormData(form);
    data.delete("files");
    picked.forEach((file) => data.append("files", file, file.name));
    return data;
  }

  function problem() {
    try { return JSON.parse(request.responseText); } catch (error) { return {}; }
  }

  function signInLink() {
    const link = document.createElement("a");
    link.href = form.action.replace(/check$/, "signin");
    link.target = "_blank";
    link.rel = "opener";
    link.textContent = "在新窗口登录";
    return [link];
  }

  // Said once; how long it still takes is seen on the bar and not said at every second.
  function wait(seconds) {
    const bar = at("bar");
    let gone = 0;
    at("stop").textContent = "不等了";
    bar.max = seconds;
    bar.value = 0;
    busy("现在检查的人多，请稍候，" + seconds + "秒后自动再试。");
    timer = setInterval(() => {
      gone += 1;
      bar.value = gone;
      if (gone < seconds) return;
      clearInterval(timer);
      post();
    }, 1000);
  }

  function answered() {
    const status = request.status;
    const said = problem();
    if (status === 200 && said.page) {
      keep();
      location.assign(said.page + "#answer");
      return;
    }
    if (status === 503 || status === 429) {
      tries += 1;
      if (tries < TRIES) {
        const seconds = Math.max(1, Number(request.getResponseHeader("Retry-After")) || 5);
        wait(seconds);
        return;
      }
    }
    rest();
    if (status === 401) {
      stale = true;
      unsent();
      tell("登录已经过期，材料还没有检查。请先登录，再回到这一页点“" + send.textContent + "”；已选的文件和粘贴的文字都还在。", [], signInLink());
    } else if (status === 403) {
      stale = true;
      tell((said.detail || "没有受理。") + "请再点一次“" + send.textContent + "”；还不行的话，请刷新这一页。");
    } else if (status === 0) {
      tell("连不上检查服务，请看看网络，或者请管理员看看服务是不是开着；然后再点一次“" + send.textContent + "”。");
    } else {
      tell(said.detail || "这次没有检查成，请再试一次。", said.problems);
    }
  }

  // After another sign-in the hidden field of this page is of no use any more.
  function renewed() {
    if (!stale) return Promise.resolve();
    return fetch(form.action.replace(/check$/, ""), { credentials: "same-origin" })
      .then((response) => response.text())
      .then((page) => {
        const field = new DOMParser().parseFromString(page, "text/html").querySelector("#check [name=csrf]");
        if (field) form.elements.csrf.value = field.value;
      })
      .catch(() => {});
  }

  function post() {
    busy("正在上传……");
    at("stop").textContent = "取消";
    at("bar").max = 100;
    at("bar").value = 0;
    renewed().then(() => {
      const started = Date.now();
      request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      // In the head it is looked at before the files are taken in.
      if (form.elements.csrf.value) request.setRequestHeader("X-CSRF-Token", form.elements.csrf.value);
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) at("bar").value = (100 * event.loaded) / event.total;
      });
      request.upload.addEventListener("load", () => {
        at("bar").removeAttribute("value");
        busy("已收到，正在检查，一般几秒钟就好……");
        timer = setInterval(() => {
          if (Date.now() - started > 15000) busy("还在检查，材料多或者是扫描件时要等得久一些……");
        }, 5000);
      });
      request.addEventListener("loadend", () => {
        clearInterval(timer);
        if (request) answered();
      });
      request.addEventListener("abort", () => { request = null; });
      request.send(packed());
    });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (request) return;
    const size = picked.reduce((sum, file) => sum + file.size, 0);
    const most = Number(form.dataset.sizeMax);
    hideAlert();
    if (!picked.length && !text.value.trim()) {
      tell("还没有交材料：请选择文件，或者把文字粘贴到框里。");
    } else if (picked.length > Number(form.dataset.filesMax)) {
      tell("一次最多检查" + form.dataset.filesMax + "个文件，现在选了" + picked.length + "个，请分几次检查，或者压缩成一个zip文件。");
    } else if (size > most) {
      tell("文件太大：一共" + megabytes(size) + "，一次最多" + megabytes(most) + "，请分几次检查。");
    } else {
      tries = 0;
      post();
    }
  });

  // Back from the answer by the browser's own button: the page is as it was, and ready.
  addEventListener("pageshow", (event) => { if (event.persisted) rest(); });
  restore();
  if (text.value) count();
  if (!alert.hidden) alert.focus();
})();
