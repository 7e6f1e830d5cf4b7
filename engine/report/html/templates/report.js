"use strict";
(function () {
  const content = JSON.parse(document.getElementById("content").textContent);
  const columns = content.columns;
  const panel = content.panel;
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const charts = Array.from(document.querySelectorAll(".chart"));
  const PRINT_WIDTH = 690;
  let chosen = columns.day.length - 1;
  let printing = false;

  // Figures: names of columns and colours become values.

  function coloured(name, styles) {
    const [plain, opacity] = name.split("/");
    const colour = styles.getPropertyValue("--" + plain).trim();
    if (!opacity) return colour;
    const parts = [1, 3, 5].map((from) => parseInt(colour.slice(from, from + 2), 16));
    return "rgba(" + parts.join(",") + "," + opacity + ")";
  }

  function filled(value, styles) {
    if (typeof value === "string") {
      return value.startsWith("@") ? coloured(value.slice(1), styles) : value;
    }
    if (Array.isArray(value)) return value.map((each) => filled(each, styles));
    if (value === null || typeof value !== "object") return value;
    if ("$" in value) return columns[value.$];
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, styles)]));
  }

  function cursor(styles) {
    return {
      type: "line", xref: "x", yref: "paper", x0: columns.day[chosen], x1: columns.day[chosen], y0: 0, y1: 1,
      line: { color: styles.getPropertyValue("--accent").trim(), width: 1.2, dash: "dot" },
    };
  }

  function draw(chart) {
    const styles = getComputedStyle(root);
    const figure = filled(content.figures[chart.dataset.figure], styles);
    const width = printing ? PRINT_WIDTH : chart.clientWidth;
    const narrow = width < 560;
    const colour = (name) => styles.getPropertyValue("--" + name).trim();
    const layout = Object.assign(figure.layout, {
      width: width,
      height: figure.height,
      margin: { l: narrow ? 58 : 72, r: narrow ? 8 : 16, t: 8, b: 30 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: narrow ? 10.5 : 12, color: colour("muted") },
      hovermode: "x unified",
      hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink"), size: 12 } },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal", font: { color: colour("muted") } },
      dragmode: narrow ? false : "zoom",
    });
    // Side by side on a phone, the names of rotations would run into each other.
    if (narrow) layout.annotations.forEach((each, i) => { if (i % 2) each.yshift = -12; });
    if (!printing) layout.shapes = layout.shapes.concat([cursor(styles)]);
    for (const axis of ["yaxis", "yaxis2"]) if (layout[axis]) layout[axis].fixedrange = true;
    layout.xaxis.fixedrange = narrow;
    return Plotly.react(chart, figure.data, layout, { displayModeBar: false, showTips: false });
  }

  function drawAll() { charts.forEach(draw); }

  // One stretch of time for all charts.

  let following = false;
  function follow(source, change) {
    if (following) return;
    const update = {};
    if ("xaxis.range[0]" in change) update["xaxis.range"] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    else if ("xaxis.autorange" in change) update["xaxis.autorange"] = true;
    else return;
    following = true;
    Promise.all(charts.filter((chart) => chart !== source).map((chart) => Plotly.relayout(chart, update)))
      .finally(() => { following = false; });
  }

  // The day: texts go in as texts, never as markup.

  function element(name, text, kind) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }

  function shown(value) {
    if (value === null || value === undefined) return "–";
    if (value === true) return "yes";
    if (value === false) return "no";
    if (typeof value !== "number") return String(value);
    const size = Math.abs(value);
    const digits = size >= 1000 ? { maximumFractionDigits: 2 } : { maximumSignificantDigits: 7 };
    return value.toLocaleString("en-US", digits).replace("-", "\u2212");
  }

  function money(value) {
    if (value === null || value === undefined) return "–";
    if (value !== 0 && Math.abs(value) < 0.01) return shown(value);
    return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).replace("-", "\u2212");
  }

  function whole(value) {
    return value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en-US").replace("-", "\u2212");
  }

  function percent(value) {
    return value === null || value === undefined ? "–" : (value * 100).toFixed(1).replace("-", "\u2212") + "%";
  }

  function pairs(rows) {
    const list = element("dl", undefined, "pairs");
    for (const [name, value] of rows) {
      const row = element("div");
      row.append(element("dt", name), element("dd", value));
      list.append(row);
    }
    return list;
  }

  function part(parent, title, rows) {
    if (!rows.length) return;
    parent.append(element("h3", title), pairs(rows));
  }

  // A row stands for some days; which one stands on each day is found once.
  function unfolded(kept) {
    const rows = kept.rows.map(([names, ...values]) => kept.names[names].map((name, i) => [name, values[i]]));
    return kept.days.flatMap((days, i) => Array(days).fill(rows[i]));
  }
  const byDay = Object.fromEntries(["words", "closes", "marked", "targets", "held"].map((name) => [name, unfolded(panel[name])]));
  const evidence = Object.entries(panel.evidence).map(([name, kept]) => [name, unfolded(kept)]);
  const rules = Object.entries(panel.rules).map(([name, kept]) => [name, unfolded(kept)]);

  function showDay() {
    const place = chosen;
    const day = columns.day[place];
    document.getElementById("day-input").value = day;
    const into = document.getElementById("day-content");
    into.replaceChildren();
    const words = Object.fromEntries(byDay.words[place]);
    const moved = words.state === words.next ? words.state : words.state + " → " + words.next;
    const verdict = element("p", undefined, words.reason === "hold" ? "verdict" : "verdict changed");
    verdict.append(element("time", day), " · " + moved + " · " + words.reason);
    into.append(verdict);
    const marked = Object.fromEntries(byDay.marked[place]);
    const of = (asset) => asset in marked ? asset + " (of " + marked[asset] + ")" : asset;
    const holds = Object.keys(columns).filter((name) => name.startsWith("hold "));
    into.append(pairs([
      ["equity", money(columns.equity[place])],
      ["drawdown", percent(columns.drawdown[place])],
      ["cash", money(panel.cash[place])],
      ...holds.map((name) => [name, whole(columns[name][place])]),
    ]));
    part(into, "Orders, as they filled", (panel.fills[day] || []).map(
      ([side, quantity, symbol, price]) => [side + " " + shown(quantity) + " " + symbol, "at " + shown(price)]));
    part(into, "Targets", byDay.targets[place].map(([asset, weight]) => [asset, percent(weight)]));
    part(into, "Held at the close", byDay.held[place].map(
      ([asset, quantity]) => [shown(quantity) + " " + of(asset), percent((columns["share " + asset] || [])[place])]));
    part(into, "Closes", byDay.closes[place].map(([asset, close]) => [of(asset), shown(close)]));
    part(into, "Rules", rules.filter(([, days]) => days[place].length).map(([name, days]) => {
      const said = Object.fromEntries(days[place]);
      const sign = said.holds === null ? "?" : said.holds ? "\u2713" : "\u2717";
      const words = Object.entries(said).filter(([key]) => key !== "holds").map(([key, value]) =>
        key === "value" || key === "reason" ? shown(value) : key + " " + shown(value));
      return [sign + " " + name.replaceAll("_", " "), words.join(" \u00b7 ")];
    }));
    for (const [section, days] of evidence) {
      part(into, "Known: " + section, days[place].map(([name, value]) => [name.replaceAll("_", " "), shown(value)]));
    }
  }

  // The address leads to the day, so that a day can be sent to somebody. It is written over and not added: going back
  // leads to the page before. A key held down chooses more days a second than browsers let an address change.
  let writing = 0;
  function writeDay() {
    clearTimeout(writing);
    writing = setTimeout(() => {
      try {
        history.replaceState(history.state, "", "#day=" + columns.day[chosen]);
      } catch {
        // A page in a frame may have no address of its own; the day is chosen all the same.
      }
    }, 150);
  }

  function choose(place) {
    show(place);
    writeDay();
  }

  function show(place) {
    chosen = Math.max(0, Math.min(columns.day.length - 1, place));
    showDay();
    moveCursors();
  }

  // Charts take longer than a key held down leaves them: they move once a frame, to the day that is chosen by then.
  let moving = 0;
  function moveCursors() {
    moving = moving || requestAnimationFrame(() => {
      moving = 0;
      if (printing) return;
      const day = columns.day[chosen];
      for (const chart of charts) {
        const last = "shapes[" + (chart.layout.shapes.length - 1) + "]";
        Plotly.relayout(chart, { [last + ".x0"]: day, [last + ".x1"]: day });
      }
    });
  }

  function placeOf(day) {
    // The last decision day that is not after it.
    let place = columns.day.length - 1;
    while (place > 0 && columns.day[place] > day) place -= 1;
    return place;
  }

  function chooseDay(day) { choose(placeOf(day)); }

  // A click chooses the day under the pointer. The chart's own clicks know what it hovers over, which is nothing yet, or
  // no more, where the machine is busy; where the pointer went down and up is always known.
  const DRAG = 8;
  let pressed = null;

  function pressIn(chart, event) {
    pressed = event.isPrimary && event.button === 0 ? { chart: chart, x: event.clientX, y: event.clientY } : null;
  }

  function release(event) {
    const from = pressed;
    pressed = null;
    if (!from || Math.hypot(event.clientX - from.x, event.clientY - from.y) >= DRAG) return;
    const day = pointedDay(from.chart, from.x, from.y);
    if (day) chooseDay(day);
  }

  function pointedDay(chart, x, y) {
    const within = (area) => x >= area.left && x <= area.right && y >= area.top && y <= area.bottom;
    const area = Array.from(chart.querySelectorAll(".nsewdrag"), (each) => each.getBoundingClientRect()).find(within);
    if (!area) return null;
    const [from, to] = chart.layout.xaxis.range.map(instant);
    const pointed = from + ((x - area.left) / area.width) * (to - from);
    // The nearest midnight, where the bars of a day are drawn.
    return new Date(pointed + 43200000).toISOString().slice(0, 10);
  }

  // "2021-03-07", "2021-03-07 12:00" or, as first drawn, milliseconds: all of them UTC.
  function instant(value) {
    if (typeof value === "number") return value;
    return Date.parse(value.length > 10 ? value.replace(" ", "T") + "Z" : value);
  }

  function linkedDay() {
    const linked = /^#day=(\d{4}-\d{2}-\d{2})$/.exec(location.hash);
    return linked ? linked[1] : null;
  }

  function byKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea, .scroll, summary")) return;
    event.preventDefault();
    choose(chosen + step);
  }

  // Themes and paper.

  const toggle = document.getElementById("theme");
  function isDark() { return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches; }
  function nameToggle() {
    toggle.textContent = isDark() ? "Light" : "Dark";
    toggle.setAttribute("aria-pressed", String(isDark()));
  }
  toggle.hidden = false;
  nameToggle();
  toggle.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; nameToggle(); drawAll(); });
  dark.addEventListener("change", () => { nameToggle(); drawAll(); });
  const paper = window.matchMedia("print");
  function print(now) { if (printing !== now) { printing = now; drawAll(); } }
  paper.addEventListener("change", (event) => print(event.matches));
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));

  if (!columns.day.length) return;
  drawAll();
  for (const chart of charts) {
    chart.addEventListener("pointerdown", (event) => pressIn(chart, event));
    chart.on("plotly_relayout", (change) => follow(chart, change));
  }
  document.getElementById("day-before").addEventListener("click", () => choose(chosen - 1));
  document.getElementById("day-after").addEventListener("click", () => choose(chosen + 1));
  document.getElementById("day-input").addEventListener("change", (event) => {
    if (event.target.value) chooseDay(event.target.value);
  });
  document.addEventListener("keydown", byKey);
  document.addEventListener("pointerup", release);
  document.addEventListener("pointercancel", () => { pressed = null; });
  const linked = linkedDay();
  if (linked) show(placeOf(linked)); else showDay();
  window.addEventListener("hashchange", () => {
    const day = linkedDay();
    clearTimeout(writing);
    if (day) show(placeOf(day)); else if (!location.hash) show(columns.day.length - 1);
  });
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (!printing && window.innerWidth !== width) { width = window.innerWidth; drawAll(); }
  });
  root.dataset.ready = "yes";
})();
