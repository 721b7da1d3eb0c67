"use strict";
// Keeps a page up to date by server-sent events, turns times into ages, and makes the map one stop of the keyboard.
(() => {
  const WORDS = { L: "local", F: "flock", A: "arming", D: "drained", R: "leaving", H: "held", U: "unknown" };
  const STEPS = [[86400, "d"], [3600, "h"], [60, "min"]];
  const RELOAD_MS = 60000;
  const QUIET_MS = 60000;
  const AGES_MS = 1000;
  const at = (id) => document.getElementById(id);
  let ahead = 0;

  function age(seconds) {
    const step = STEPS.find(([length]) => seconds >= 2 * length);
    return step ? `${Math.round(seconds / step[0])} ${step[1]}` : `${Math.max(Math.round(seconds), 0)} s`;
  }

  // By the clock of who serves the page: this one's own may be anything.
  function ages() {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      time.title = time.title || time.textContent;
      const words = `${age((Date.now() - ahead - Date.parse(time.dateTime)) / 1000)} ago`;
      if (time.textContent !== words) time.textContent = words;
    }
  }

  // The map: Tab comes to one cell, arrows go on from there.
  function cells() {
    return [...document.querySelectorAll("[data-map] a.cell")];
  }

  function rove(chosen) {
    const all = cells();
    if (!all.length) return;
    const one = chosen || all.find((cell) => cell.tabIndex === 0 && cell.hasAttribute("tabindex")) || all[0];
    for (const cell of all) cell.tabIndex = cell === one ? 0 : -1;
    for (const hint of document.querySelectorAll(".keys")) hint.hidden = false;
  }

  function below(all, from, down) {
    const here = all[from].getBoundingClientRect();
    let best = from;
    let least = Infinity;
    for (let place = from + (down ? 1 : -1); place >= 0 && place < all.length; place += down ? 1 : -1) {
      const box = all[place].getBoundingClientRect();
      const rows = (box.top - here.top) * (down ? 1 : -1);
      if (rows < here.height / 2) continue;
      const far = rows * 4 + Math.abs(box.left - here.left);
      if (far >= least && rows * 4 > least) break;
      if (far < least) [best, least] = [place, far];
    }
    return best;
  }

  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest && event.target.closest("[data-map] a.cell");
    if (!cell || event.ctrlKey || event.altKey || event.metaKey) return;
    const all = cells();
    const from = all.indexOf(cell);
    const to = {
      ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: all.length - 1,
    }[event.key];
    const place = to === undefined && /^Arrow(Up|Down)$/.test(event.key) ? below(all, from, event.key === "ArrowDown") : to;
    if (place === undefined || !all[place]) return;
    event.preventDefault();
    rove(all[place]);
    all[place].focus();
  });

  // What is replaced keeps its open lists, what was typed, and the keyboard's place.
  function replace(id, html) {
    const part = at(id);
    if (!part || part.contains(document.activeElement) && document.activeElement.matches("input, select")) return;
    const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
    const active = part.contains(document.activeElement) ? document.activeElement : null;
    const place = active && (active.id ? `#${CSS.escape(active.id)}` : active.getAttribute("href") &&
      `a[href="${CSS.escape(active.getAttribute("href"))}"]`);
    const scrolled = [...part.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
    part.innerHTML = html;
    for (const one of open) if (at(one)) at(one).open = true;
    [...part.querySelectorAll(".scroll")].forEach((one, number) => { one.scrollLeft = scrolled[number] || 0; });
    if (place) {
      const again = part.querySelector(place);
      if (again) again.focus({ preventScroll: true });
    }
  }

  function frame(id, classes, before) {
    const part = document.createElement("section");
    part.id = id;
    part.className = classes;
    if (before && at(before)) at(before).after(part); else at("parts").prepend(part);
  }

  function turn(id, changed) {
    const part = at(id);
    if (!part) return;
    const all = [...part.querySelectorAll("[data-map] a.cell")];
    for (const [place, letter] of Object.entries(changed)) {
      const cell = all[place];
      if (!cell) continue;
      const name = cell.getAttribute("aria-label").split(" ")[0];
      cell.className = `cell ${letter} turned`;
      cell.textContent = letter;
      cell.setAttribute("aria-label", `${name} ${WORDS[letter]}`);
    }
    const number = Object.keys(changed).length;
    say(number === 1 ? "One host has another state." : `${number} hosts have another state.`);
  }

  function say(words) {
    if (at("said")) at("said").textContent = words;
  }

  // What stands above everything, by its words without times, which change while nothing does.
  function alarms() {
    const notes = [...document.querySelectorAll("#stop .note")];
    return new Map(notes.map((note) => {
      const bare = note.cloneNode(true);
      const times = [...bare.querySelectorAll("time, ul")];
      for (const one of times) one.remove();
      const whole = bare.textContent.replace(/\s+/g, " ").trim();
      const head = note.querySelector("strong, summary");
      return [whole, times.length && head ? head.textContent.replace(/\.$/, "") : whole];
    }));
  }

  function tell(before, now) {
    const begun = [...now].filter(([whole]) => !before.has(whole)).map(([, words]) => words);
    const over = [...before].filter(([whole]) => !now.has(whole)).map(([, words]) => `No more: ${words}`);
    if (begun.length + over.length) say([...begun, ...over].map((words) => words.replace(/\.?$/, ".")).join(" "));
  }

  function change(told) {
    const before = alarms();
    for (const id of told.gone || []) if (at(id)) at(id).remove();
    for (const [id, html] of Object.entries(told.parts || {})) {
      if (!at(id)) frame(id, ...told.frames[id]);
      replace(id, html);
    }
    for (const [id, changed] of Object.entries(told.cells || {})) turn(id, changed);
    tell(before, alarms());
    if (told.parts) rove();
    ages();
  }

  let source = null;
  let waiting = 0;
  let last = "";
  let heard = 0;

  function state(words, kind) {
    at("pulse").hidden = false;
    at("pulse").className = `pulse ${kind}`;
    at("pulse-words").textContent = words;
  }

  function listen() {
    const address = new URL(document.body.dataset.live, location.origin);
    if (last) address.searchParams.set("since", last);
    source = new EventSource(address);
    const hear = (event) => {
      heard = Date.now();
      last = event.lastEventId || last;
    };
    heard = Date.now();
    source.addEventListener("open", (event) => {
      hear(event);
      state("live", "");
    });
    source.addEventListener("alive", (event) => {
      hear(event);
      ahead = Date.now() - 1000 * event.data;
      ages();
    });
    source.addEventListener("change", (event) => {
      hear(event);
      change(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      state("not connected", "lost");
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(waiting);
      waiting = setTimeout(listen, RELOAD_MS);
    });
  }

  function pause() {
    const paused = at("pause").getAttribute("aria-pressed") !== "true";
    at("pause").setAttribute("aria-pressed", String(paused));
    clearTimeout(waiting);
    source.close();
    if (paused) state("paused", "paused"); else listen();
  }

  // Nobody looks at a hidden page, and browsers grant few connections to one site: it listens again when it is shown.
  function anew() {
    if (at("pause").getAttribute("aria-pressed") === "true") return;
    clearTimeout(waiting);
    if (source) source.close();
    state("not connected", "lost");
    if (!document.hidden) listen();
  }

  // A connection that died without a word, in a laptop that slept or a tunnel, looks open for hours.
  function check() {
    ages();
    if (source && source.readyState !== EventSource.CLOSED && Date.now() - heard > QUIET_MS) anew();
  }

  rove();
  ages();
  setInterval(check, AGES_MS);
  if (document.body.dataset.live && "EventSource" in window) {
    at("pause").addEventListener("click", pause);
    document.addEventListener("visibilitychange", anew);
    if (!document.hidden) listen();
  }
})();
