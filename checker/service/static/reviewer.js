"use strict";
// The pages of reviewers: live progress, decisions without a new page, uploads that tell how far they are.
// Without this script every page still does what it is for.
(() => {
  const byId = (id) => document.getElementById(id);
  const put = (id, text) => {
    const element = byId(id);
    element.hidden = !text;
    if (element.textContent !== text) element.textContent = text;
  };
  const spoken = (seconds) => {
    if (seconds < 60) return `${Math.max(1, Math.round(seconds))}秒`;
    if (seconds < 3600) return `${Math.round(seconds / 60)}分钟`;
    return `${Math.floor(seconds / 3600)}小时${Math.round((seconds % 3600) / 60)}分钟`;
  };

  // ── what runs ──────────────────────────────────────────────────────

  const LIVE = ["waiting", "running"];
  const WINDOW = 20;  // seconds that the rate is worked out over
  const POLL = 3000;

  function watch(live) {
    const bar = byId("bar");
    let stage = "", seen = [], said = 0, source = null, failures = 0, timer = 0;

    function show(news) {
      if (news.stage && news.stage !== stage) {
        stage = news.stage;
        seen = [];
        said = 0;
        put("stage", stage);
        put("said", `开始${stage}`);
      }
      if (!news.total) return;
      bar.max = news.total;
      bar.value = news.done;
      put("amount", `${news.done} / ${news.total}`);
      put("faults", news.faults ? `! 没能读出或检查的 ${news.faults}` : "");
      put("kept", news.kept ? `沿用上次的 ${news.kept}` : "");
      const at = news.at || Date.now() / 1000;
      seen.push([at, news.done - (news.kept || 0)]);
      while (seen.length > 2 && at - seen[0][0] > WINDOW) seen.shift();
      const rate = (seen[seen.length - 1][1] - seen[0][1]) / (at - seen[0][0]);
      const known = at - seen[0][0] >= 1 && rate > 0;
      put("rate", known ? `每秒 ${rate >= 10 ? Math.round(rate) : rate.toFixed(1)} 个` : "");
      put("left", known && news.done < news.total ? `这一步大约还要 ${spoken((news.total - news.done) / rate)}` : "");
      // A screen reader hears every quarter, not every step.
      const quarter = Math.floor((4 * news.done) / news.total);
      if (quarter > said && quarter < 4) {
        said = quarter;
        put("said", `${stage}完成 ${quarter * 25}%`);
      }
    }

    function ended() {
      stop();
      put("said", "审查结束，正在打开结果");
      location.reload();
    }

    function stop() {
      if (source) source.close();
      clearTimeout(timer);
      source = null;
    }

    async function poll() {
      let wait = POLL;
      try {
        const answer = await fetch(`${location.pathname}/progress`, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (answer.status === 401 || answer.status === 403) return signedOut();
        if (answer.status === 404) return ended();
        if (!answer.ok) throw new Error(String(answer.status));
        const news = await answer.json();
        byId("lost").hidden = true;
        if (!LIVE.includes(news.state)) return ended();
        show(news);
      } catch (error) {
        put("lost", "暂时联系不上服务，正在重试。审查不受影响，会接着做。");
        wait = 2 * POLL;
      }
      timer = setTimeout(poll, wait);
    }

    function signedOut() {
      stop();
      const place = byId("lost");
      place.textContent = "登录已经过期，看不到进展了；审查不受影响，会接着做。";
      const link = document.createElement("a");
      link.href = `${live.dataset.signin}?next=${encodeURIComponent(location.pathname)}`;
      link.textContent = "去登录";
      place.append(" ", link);
      place.hidden = false;
    }

    function listen() {
      source = new EventSource(live.dataset.events);
      // What is told first may be of a run before this one: only news of now ends the page.
      source.addEventListener("state", () => { failures = 0; });
      source.addEventListener("progress", (event) => {
        failures = 0;
        byId("lost").hidden = true;
        show(JSON.parse(event.data));
      });
      source.addEventListener("end", () => { stop(); poll(); });
      source.onerror = () => {
        failures += 1;
        if (source && source.readyState !== EventSource.CLOSED && failures < 3) return;
        stop();
        poll();
      };
    }

    if (globalThis.EventSource && live.dataset.events) listen(); else poll();
    addEventListener("pagehide", stop);
    // Out of the browser's memory the page is old.
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  }

  // ── decisions ──────────────────────────────────────────────────────

  function alertWith(text, link) {
    byId("alert-text").textContent = text;
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.target = "_blank";
      anchor.textContent = "在新窗口登录";
      byId("alert-text").append(" ", anchor);
    }
    byId("alert").hidden = false;
    byId("alert").focus();
  }

  // Everything that a decision changes carries data-part and is taken from the page that comes back.
  function renew(page, at) {
    for (const part of document.querySelectorAll("[data-part]")) {
      const now = page.getElementById(part.id);
      if (!now) continue;
      // What somebody is writing elsewhere on the page stays.
      const writing = [...part.querySelectorAll("input[name=reason]")].some((input) => input.value);
      if (writing && part.id !== at) {
        const fresh = now.querySelector("input[name=csrf]"), old = part.querySelector("input[name=csrf]");
        if (fresh && old) { old.value = fresh.value; continue; }
      }
      if (part.id.startsWith("bulk-") && part.open && part.id !== at) now.open = true;
      part.replaceWith(document.importNode(now, true));
    }
  }

  // The token for forms belongs to a sign-in; whether there is another one now.
  async function renewToken() {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) return false;
    const field = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main input[name=csrf]");
    const own = [...document.querySelectorAll("input[name=csrf]")];
    if (!field || !own.length || own.every((input) => input.value === field.value)) return false;
    for (const input of own) input.value = field.value;
    return true;
  }

  const SAID = { accept: "已接受", return: "已退回", undo: "已撤销处理" };

  async function decide(event) {
    const form = event.target.closest("form.choose");
    if (!form || !event.submitter) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    byId("alert").hidden = true;
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const at = body.get("at");
    const send = () => fetch(form.action, {
      method: "POST",
      body,
      headers: { "X-CSRF-Token": body.get("csrf"), Accept: "application/json" },
    });
    try {
      let answer = await send();
      // Who has signed in again in another window goes on with the page as it is.
      if (answer.status === 403 && (await renewToken())) {
        body.set("csrf", form.querySelector("input[name=csrf]").value);
        answer = await send();
      }
      if (answer.status === 401) {
        return alertWith("登录已经过期，这一处没有记下，写的理由还在。登录后回到这一页，再点一次。", byId("alert").dataset.signin);
      }
      if (!answer.ok) {
        const problem = await answer.json().catch(() => ({}));
        return alertWith(problem.detail || "没有记下，请再试一次。");
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const input of form.querySelectorAll("input[name=reason]")) input.value = "";
      renew(page, at);
      byId("said").textContent = SAID[body.get("verb")];
      const place = byId(at);
      if (place && !place.hidden) {
        (place.querySelector("summary, button") || place).focus();
      } else {
        byId("findings-title").focus();
      }
    } catch (error) {
      alertWith("联系不上服务，没有记下。写的理由还在，请过一会儿再点一次。");
    } finally {
      delete form.dataset.busy;
    }
  }

  // ── handing in ─────────────────────────────────────────────────────

  const size = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

  function handIn(form) {
    const files = byId("files");
    let sending = null;
    const chosen = () => {
      const all = [...form.querySelectorAll("input[type=file]")].flatMap((input) => [...input.files]);
      return [all.length, all.reduce((sum, file) => sum + file.size, 0)];
    };
    files.addEventListener("change", () => {
      const [, total] = chosen();
      byId("files-said").textContent = files.files.length ? `选了 ${files.files.length} 个文件，共 ${size(total)}。` : "";
    });

    function busy(on) {
      byId("send").disabled = on;
      byId("progress").hidden = !on;
    }

    function wrong(text, link) {
      busy(false);
      byId("alert-text").textContent = text;
      byId("alert-ways").replaceChildren();
      if (link) {
        const anchor = document.createElement("a");
        anchor.href = link;
        anchor.target = "_blank";
        anchor.textContent = "在新窗口登录";
        byId("alert-ways").append(anchor);
      }
      byId("alert").hidden = false;
      byId("alert").focus();
    }

    function tell(part) {
      const [, total] = chosen();
      byId("bar").value = 100 * part;
      const step = part >= 1 ? "已经传完，正在核对花名册和归属表" : `正在上传（${size(total)}），已传 ${Math.floor(10 * part) * 10}%`;
      if (byId("progress-said").textContent !== step) byId("progress-said").textContent = step;
    }

    // Before a long upload: whether anybody is signed in, perhaps anew and with a new token for forms.
    async function admitted() {
      const answer = await fetch(location.pathname, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (answer.status === 401) return false;
      const field = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#new input[name=csrf]");
      const own = form.querySelector("input[name=csrf]");
      if (field && own) own.value = field.value;
      return true;
    }
    const SIGNED_OUT = "登录已经过期，还没有开始审查。选好的文件都还在：请在新窗口登录，再回到这里点一次“上传并开始审查”。";

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const [count, total] = chosen();
      if (count > Number(form.dataset.filesMax)) return wrong(`选了 ${count} 个文件，一次最多 ${form.dataset.filesMax} 个；请打包成一个 zip。`);
      if (total > Number(form.dataset.sizeMax)) return wrong(`共 ${size(total)}，超过一次能传的 ${size(Number(form.dataset.sizeMax))}；请分几次审查。`);
      byId("alert").hidden = true;
      busy(true);
      tell(0);
      if (!(await admitted().catch(() => true))) return wrong(SIGNED_OUT, form.dataset.signin);
      sending = new XMLHttpRequest();
      sending.open("POST", form.action);
      sending.setRequestHeader("Accept", "application/json");
      const csrf = form.querySelector("input[name=csrf]");
      if (csrf && csrf.value) sending.setRequestHeader("X-CSRF-Token", csrf.value);
      sending.upload.onprogress = (news) => { if (news.lengthComputable) tell(news.loaded / news.total); };
      sending.onload = () => {
        const answer = (() => { try { return JSON.parse(sending.responseText); } catch (error) { return {}; } })();
        if (sending.status === 200 && answer.page) { location.assign(answer.page); return; }
        if (sending.status === 401) {
          wrong(SIGNED_OUT, form.dataset.signin);
        } else {
          wrong(answer.detail || "没有传成，请再试一次。");
        }
      };
      sending.onerror = () => wrong("上传中断了：联系不上服务，或者选的文件在上传时被改动。请再点一次“上传并开始审查”。");
      sending.send(new FormData(form));
    });
    byId("stop").addEventListener("click", () => {
      if (sending) sending.abort();
      busy(false);
      byId("send").focus();
    });
    addEventListener("pageshow", () => busy(false));
  }

  // ── the secret of a new token ──────────────────────────────────────

  function copying() {
    const secret = byId("secret"), button = byId("copy");
    secret.addEventListener("focus", () => secret.select());
    button.hidden = false;
    button.addEventListener("click", async () => {
      secret.select();
      try {
        await navigator.clipboard.writeText(secret.value);
        byId("copied").textContent = "已复制。";
      } catch (error) {  // only pages that came by https may
        byId("copied").textContent = document.execCommand("copy") ? "已复制。" : "没能复制，请按 Ctrl+C。";
      }
    });
    byId("made").focus();
  }

  if (byId("live")) watch(byId("live"));
  if (byId("findings-title")) document.addEventListener("submit", decide);
  if (byId("new")) handIn(byId("new"));
  if (byId("secret")) copying();
})();
