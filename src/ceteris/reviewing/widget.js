// The review of one queue: one row at a time, answered by keyboard. Every text of the user's data is put in as text, never as markup.
//
// An answer is kept in the browser's storage, one entry an answer, until the kernel says that its line is on disk. The next row is
// shown at once; one batch of answers is under way at a time; what is not acknowledged is sent again, and the kernel drops what it has.

const WINDOW = 20; // rows asked for at once
const BATCH = 50; // answers sent at once
const PATIENCE = 2000; // milliseconds before answers are sent again
const PACE_OVER = 20; // answers that the pace is taken over

const COMMANDS = [
  { action: "keep", key: "Enter", shown: "Enter", spoken: "Enter", label: "Keep", testid: "review-keep" },
  { action: "drop", key: "-", shown: "−", spoken: "minus", label: "Drop row", testid: "review-drop" },
  { action: "unsure", key: "?", shown: "?", spoken: "question mark", label: "Unsure", testid: "review-unsure" },
  { action: "undo", key: "Backspace", shown: "⌫", spoken: "Backspace", label: "Undo", testid: "review-undo" },
];
const NUMBER = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const MOST_BUTTONS = 36;
const MOST_FOUND = 8; // classes that a search lists

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") made.textContent = value;
    else if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// A screen reader says a text anew whenever it is put in, though it be the same.
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function counted(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

// Answers that are not on disk yet: in memory, and in the browser's storage where there is one.
class Unsaved {
  constructor(store) {
    this.prefix = `ceteris-review/${store}/`;
    this.lines = new Map();
    this.kept = true;
    try {
      for (let place = 0; place < localStorage.length; place++) {
        const key = localStorage.key(place);
        if (!key.startsWith(this.prefix)) continue;
        try {
          const line = JSON.parse(localStorage.getItem(key));
          this.lines.set(line.answer, line);
        } catch {
          continue; // not ours
        }
      }
    } catch {
      this.kept = false;
    }
    this.lines = new Map([...this.lines].sort(([, one], [, other]) => (one.at < other.at ? -1 : 1)));
  }

  add(line) {
    this.lines.set(line.answer, line);
    try {
      localStorage.setItem(this.prefix + line.answer, JSON.stringify(line));
    } catch {
      this.kept = false;
    }
  }

  // What is refused is sent no more; the browser keeps it until somebody has seen why, and a page opened anew asks again.
  refused(answer) {
    this.lines.delete(answer);
  }

  done(answer) {
    this.lines.delete(answer);
    try {
      localStorage.removeItem(this.prefix + answer);
    } catch {
      this.kept = false;
    }
  }

  get ids() {
    return [...this.lines.values()].map((line) => line.id);
  }
}

class Review {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.classes = model.get("classes");
    this.numbers = !this.classes.length; // labels are numbers, which are typed
    this.keys = model.get("signs");
    this.judging = model.get("judging");
    this.unsaved = new Unsaved(model.get("store"));
    this.waiting = []; // rows to answer, the first is shown
    this.history = []; // {row, line}
    this.underway = null; // {answers, since}
    this.refused = new Map(); // answer -> {line, why}
    this.moments = [];
    this.last = 0;
    this.asked = 0; // when rows were asked for
    this.asking = false; // whether the kernel owes rows
    this.exhausted = false;
    this.silent = false;
    this.hindered = new Map(); // kind of message -> {text, since}: why the kernel could not do it
    this.told = "";
    this.wanted = false; // an experiment, when every answer is on disk
    this.run = { state: "", told: "" };
    this.looked = 0; // when the experiment was asked how far it is
    this.candidates = []; // classes that the search found
    this.beyond = 0; // how many more it found than it lists
    this.shown = null;
    this.build();
    this.onMessage = (message) => this.hear(message);
    this.onMeter = () => this.drawMeter();
    model.on("msg:custom", this.onMessage);
    model.on("change:meter", this.onMeter);
    this.timer = setInterval(() => this.tick(), 250);
    this.onLeave = (event) => {
      if (this.unsaved.lines.size && !this.unsaved.kept) event.preventDefault();
    };
    window.addEventListener("beforeunload", this.onLeave);
    this.before = this.unsaved.lines.size;
    const before = this.before;
    if (before) this.tell(`${counted(before, "answer", "answers")} from before, kept by this browser, ${before === 1 ? "is" : "are"} being saved.`);
    this.ask();
    this.flush();
    this.look();
    this.draw();
  }

  // ---- talking to the kernel

  // A kernel that is dead refuses at once, or never answers: both are seen by the answer that does not come.
  send(message) {
    try {
      this.model.send(message);
    } catch {
      return;
    }
  }

  ask() {
    this.asked = performance.now();
    this.asking = true;
    const without = [...this.unsaved.ids, ...this.waiting.map((row) => row.id)];
    this.send({ kind: "deal", without, n: WINDOW });
  }

  flush() {
    if (this.underway || !this.unsaved.lines.size || this.waits("answers")) return;
    const answers = [...this.unsaved.lines.values()].slice(0, BATCH);
    this.underway = { answers: answers.map((line) => line.answer), since: performance.now() };
    this.send({ kind: "answers", answers });
  }

  waits(kind) {
    const hindered = this.hindered.get(kind);
    return hindered !== undefined && performance.now() - hindered.since < PATIENCE;
  }

  tick() {
    const now = performance.now();
    let silent = false;
    if (this.underway && now - this.underway.since > PATIENCE) {
      silent = true;
      this.underway = null;
    }
    this.flush();
    if (this.run.state === "running" && now - this.looked > PATIENCE) this.look();
    if ((!this.waiting.length || this.hindered.has("deal")) && !this.exhausted && now - this.asked > PATIENCE) {
      silent ||= this.asking;
      this.ask();
    }
    if (silent && !this.silent) {
      this.silent = true;
      this.drawState();
    }
  }

  startRun() {
    this.wanted = true;
    if (this.unsaved.lines.size) return this.drawRun("The experiment starts when every answer is saved.");
    this.look(true);
    this.drawRun("The experiment is being started.");
  }

  look(start = false) {
    this.looked = performance.now();
    if (start) this.wanted = false;
    this.send({ kind: "run", start });
  }

  hear(message) {
    this.silent = false;
    if (message.kind === "rows") this.hearRows(message);
    else if (message.kind === "ack") this.hearAck(message);
    else if (message.kind === "text") this.hearText(message);
    else if (message.kind === "neighbours") this.hearNeighbours(message);
    else if (message.kind === "run") {
      this.run = message;
      this.drawRun();
    } else if (message.kind === "told") this.hearTold(message);
    this.drawState();
  }

  hearTold({ to, text }) {
    if (to === "deal") this.asking = false;
    if (to === "answers") this.underway = null;
    if (to === "deal" || to === "answers") this.hindered.set(to, { text, since: performance.now() });
    else if (to === "neighbours") this.side.replaceChildren(element("p", { class: "note", text }));
    else this.tell(text);
    this.drawRun();
  }

  hearRows({ rows, exhausted }) {
    const here = new Set([...this.waiting.map((row) => row.id), ...this.unsaved.ids]);
    const first = !this.waiting.length;
    this.waiting.push(...rows.filter((row) => !here.has(row.id)));
    this.exhausted = exhausted;
    this.asking = false;
    this.hindered.delete("deal");
    if (first) this.draw();
  }

  hearAck({ saved, refused, told, ids, answered }) {
    this.hindered.delete("answers");
    this.answered = answered; // the meter comes a little later
    for (const answer of saved) this.unsaved.done(answer);
    for (const { answer, why } of refused) {
      const line = this.unsaved.lines.get(answer);
      if (!line) continue;
      this.unsaved.refused(answer);
      this.refused.set(answer, { line, why });
    }
    if (this.underway && [...saved, ...refused.map((one) => one.answer)].some((answer) => this.underway.answers.includes(answer)))
      this.underway = null;
    const mine = new Set(this.history.map(({ row }) => row.id));
    const gone = new Set((ids || []).filter((id) => !mine.has(id)));
    if (gone.size) this.waiting = this.waiting.filter((row, place) => place === 0 || !gone.has(row.id)); // answered in another tab
    const latest = this.history.at(-1);
    if (this.before && !this.unsaved.lines.size) {
      this.before = 0;
      this.tell("");
    }
    if (latest && told[latest.row.id]) this.tell(told[latest.row.id]);
    this.drawRefused();
    this.flush();
    if (this.wanted && !this.unsaved.lines.size) this.startRun();
  }

  // ---- answering

  answer(action, label = "") {
    const row = this.waiting[0];
    if (!row) return;
    if (action === "keep") {
      if (row.given === null) return this.tell("The given label of a row that judges is hidden: choose a class, or unsure.");
      action = "confirm";
      label = row.given;
    } else if (action === "relabel" && label === row.given) action = "confirm";
    else if (action === "drop" && this.judging) return this.tell("A row that judges cannot be dropped: answer unsure.");
    this.dismiss([...this.refused.values()].filter(({ line }) => line.id === row.id));
    const line = { answer: uuid(), id: row.id, ticket: row.ticket, action, new_label: action === "relabel" ? label : "", at: this.now(), reverts: "" };
    this.unsaved.add(line);
    this.history.push({ row, line });
    this.waiting.shift();
    this.moments.push(Date.now());
    this.told = "";
    this.flush();
    if (this.waiting.length < WINDOW / 2 && !this.exhausted && performance.now() - this.asked > 200) this.ask();
    this.draw();
  }

  undo() {
    const last = this.history.pop();
    if (!last) return this.tell("Nothing to undo since this page was opened. Earlier answers: ceteris edits revert");
    const { row, line } = last;
    if (this.refused.has(line.answer)) this.dismiss([{ line }]);
    else this.unsaved.add({ answer: uuid(), id: row.id, ticket: row.ticket, action: "revert", new_label: "", at: this.now(), reverts: line.answer });
    row.neighbours = undefined; // what was hidden is told by now, and its neighbours with it
    this.waiting.unshift(row);
    this.moments.pop();
    this.flush();
    this.tell(`Taken back: ${row.id}. Both lines stay in the ledger.`);
    this.draw();
  }

  now() {
    this.last = Math.max(Date.now(), this.last + 1);
    return new Date(this.last).toISOString();
  }

  // ---- keys

  press(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Tab" || event.key === "Shift" || event.key === "Escape") return;
    event.stopPropagation();
    if (event.target === this.search) return;
    if (["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return;
    if (event.key === "Enter" && event.target.tagName === "BUTTON" && event.target !== this.keepButton) return;
    event.preventDefault();
    if (event.repeat) return;
    const command = COMMANDS.find(({ key }) => key === event.key);
    const place = this.keys.indexOf(event.key.toLowerCase());
    if (command && command.action === "undo") this.undo();
    else if (command) this.answer(command.action);
    else if (event.key === " ") this.answer("keep");
    else if (place >= 0) this.answer("relabel", this.classes[place]);
    else if (event.key === "/") this.openSearch("");
    else if (event.key.length === 1 && (this.numbers || this.classes.length > MOST_BUTTONS)) this.openSearch(event.key);
  }

  openSearch(text) {
    this.search.value = text;
    this.search.focus();
    this.find();
  }

  closeSearch() {
    this.search.value = "";
    this.candidates = [];
    this.drawFound();
    this.root.focus({ preventScroll: true });
  }

  find() {
    if (this.numbers) {
      const text = this.search.value.trim();
      this.candidates = NUMBER.test(text) && Number.isFinite(Number(text)) ? [text] : [];
      this.marked = 0;
      this.drawFound();
      return;
    }
    const wanted = this.search.value.toLowerCase();
    const rank = (label) => {
      const lower = label.toLowerCase();
      return lower === wanted ? 0 : lower.startsWith(wanted) ? 1 : lower.includes(wanted) ? 2 : 3;
    };
    const ranked = this.classes.map((label) => [rank(label), label]).filter(([how]) => how < 3);
    this.candidates = ranked.sort(([one], [other]) => one - other).slice(0, MOST_FOUND).map(([, label]) => label);
    this.beyond = ranked.length - this.candidates.length;
    this.marked = 0;
    this.drawFound();
  }

  searchKey(event) {
    if (event.isComposing) return;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      event.preventDefault();
      event.stopPropagation();
      this.marked = (this.marked + moves[event.key] + this.candidates.length) % Math.max(this.candidates.length, 1);
      this.drawFound();
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat && this.candidates.length) this.choose(this.candidates[this.marked]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.closeSearch();
    }
  }

  choose(label) {
    this.closeSearch();
    this.answer("relabel", label);
  }

  // ---- drawing

  build() {
    this.root.className = "ceteris-review";
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "application");
    this.root.setAttribute("aria-label", this.model.get("title"));
    this.root.dataset.testid = "review";
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.progress = element("progress", { class: "bar", "aria-label": "rows answered" });
    this.counted = element("span", { "data-testid": "review-progress" });
    this.state = element("span", { class: "state", role: "status", "data-testid": "review-unsaved" });
    this.pace = element("span", { "data-testid": "review-pace" });
    this.yieldLine = element("div", { class: "yield", "data-testid": "review-yield" });
    this.summaryLines = element("div", { "data-testid": "review-summary" });
    this.summary = element("details", { class: "summary" }, element("summary", { text: "This session" }), this.summaryLines);
    this.bannerLine = element("p", { "data-testid": "review-banner" });
    this.banner = element("div", { class: "banner", role: "alert", hidden: true }, this.bannerLine);
    this.rowBox = element("div", { class: "row", "data-testid": "review-row" });
    const reached = this.judging ? {} : { tabindex: "0", role: "group", "aria-label": "neighbours" }; // it scrolls by the keyboard
    this.side = element("div", { class: "side", "data-testid": "review-neighbours", ...reached });
    this.toldLine = element("div", { class: "told", role: "status", "data-testid": "review-told" });
    this.live = element("div", { class: "live", "aria-live": "assertive", "data-testid": "review-spoken" });
    this.refusedBox = element("div", { class: "refused", role: "alert", "data-testid": "review-refused" });
    this.root.append(
      element("div", { class: "head" },
        element("div", { class: "title", text: this.model.get("title"), title: this.model.get("ranked") }),
        element("div", { class: "facts" }, this.counted, this.pace, this.state)),
      this.progress, this.banner,
      element("div", { class: "body" }, this.rowBox, this.side),
      this.buildAnswers(), this.toldLine, this.refusedBox, this.yieldLine, this.summary, this.buildRun(), this.live,
    );
    this.drawMeter();
  }

  buildAnswers() {
    const button = (text, key, spoken, act, testid) => {
      const made = element("button", { type: "button", class: "answer", "data-testid": testid, "aria-label": spoken },
        key && key !== text.toLowerCase() ? element("kbd", { text: key, "aria-hidden": "true" }) : null, element("span", { text }));
      made.addEventListener("click", () => {
        act();
        this.root.focus({ preventScroll: true });
      });
      return made;
    };
    const commands = COMMANDS.filter(({ action }) => !(this.judging && (action === "keep" || action === "drop"))).map((one) => {
      const act = one.action === "undo" ? () => this.undo() : () => this.answer(one.action);
      const made = button(one.label, one.shown, `${one.label}, key ${one.spoken}`, act, one.testid);
      if (one.action === "keep") this.keepButton = made;
      return made;
    });
    const list = `ceteris-found-${uuid()}`; // a page may hold two reviews
    this.search = element("input", {
      type: "text", class: "search", role: "combobox", "aria-expanded": "false", "aria-controls": list, "aria-autocomplete": "list",
      "aria-label": this.numbers ? "Type the number" : "Search a class",
      placeholder: this.numbers ? "/ type the number" : `/ search ${this.classes.length.toLocaleString("en")} classes`, autocomplete: "off", spellcheck: "false",
      "data-testid": "review-search",
    });
    this.search.addEventListener("input", () => this.find());
    this.search.addEventListener("keydown", (event) => this.searchKey(event));
    this.found = element("ul", { id: list, role: "listbox", hidden: true, "aria-label": this.numbers ? "the number" : "classes found", class: "found", "data-testid": "review-found" });
    const few = this.classes.length <= MOST_BUTTONS;
    this.classButtons = few
      ? this.classes.map((label, place) => button(label, this.keys[place], this.spokenClass(label, place), () => this.answer("relabel", label), `review-class-${place}`))
      : [];
    return element("div", { class: "answers" },
      element("div", { class: "commands" }, ...commands),
      element("div", { class: "classes" }, ...this.classButtons, element("span", { class: "finder" }, this.search, this.found)));
  }

  spokenClass(label, place, given = false) {
    return `${label}${this.keys[place] ? `, key ${this.keys[place]}` : ""}${given ? ", as given" : ""}`;
  }

  buildRun() {
    this.runButton = element("button", { type: "button", "data-testid": "review-run", text: "Run experiment" });
    this.runButton.addEventListener("click", () => {
      this.startRun();
      this.root.focus({ preventScroll: true });
    });
    this.runLine = element("span", { role: "status", "data-testid": "review-run-told" });
    return element("div", { class: "run" }, this.runButton, this.runLine);
  }

  draw() {
    const row = this.waiting[0];
    if (this.shown !== row) {
      this.shown = row;
      this.rowBox.replaceChildren(...(row ? this.drawRow(row) : [element("p", { class: "empty", text: this.nothing() })]));
      this.rowBox.scrollTop = 0;
      this.side.replaceChildren(...(row ? this.drawNeighbours(row) : []));
      say(this.live, row ? this.spoken(row) : "");
    }
    for (const [place, made] of this.classButtons.entries()) {
      const given = Boolean(row) && row.given === this.classes[place];
      made.classList.toggle("given", given);
      made.setAttribute("aria-label", this.spokenClass(this.classes[place], place, given));
    }
    if (this.keepButton) {
      const keep = row && row.given !== null ? `Keep ${row.given}` : "Keep";
      this.keepButton.lastChild.textContent = keep;
      this.keepButton.setAttribute("aria-label", `${keep}, key Enter`);
    }
    this.drawState();
  }

  // What is said of a row when it comes: enough to answer an easy one, and short enough to listen to.
  spoken({ id, given, broken, texts, values }) {
    const unusual = values.filter((cell) => cell.unusual).slice(0, 5);
    return [
      `${id}, ${given === null ? "given label hidden" : `given ${given}`}`,
      ...(broken ? [`cannot be drawn: ${broken}`] : []),
      ...texts.map(({ column, text }) => `${column}: ${text.slice(0, 200)}${text.length > 200 ? " …" : ""}`),
      ...unusual.map(({ column, value, unusual }) => `${column} ${value}, ${unusual}`),
    ].join(". ");
  }

  nothing() {
    if (this.exhausted) return "Every row of this queue is answered.";
    return this.hindered.size ? "No row can be shown." : "Waiting for the kernel …";
  }

  drawRow(row) {
    const head = element("div", { class: "what" }, element("span", { class: "id", text: row.id }),
      row.given === null ? element("span", { class: "blind", text: "given label hidden" })
        : element("span", { class: "label" }, "given ", element("strong", { text: row.given })));
    const parts = [head];
    if (row.image) parts.push(element("img", { class: "image", src: row.image, alt: `${row.id} as an image`, draggable: "false" }));
    if (row.broken) parts.push(element("p", { class: "broken", text: `This row cannot be drawn: ${row.broken}. Its values:` }));
    for (const text of row.texts) parts.push(this.drawText(row, text));
    if (row.values.length) {
      const lines = row.values.map(({ column, value, unusual }) =>
        element("tr", { class: unusual ? "unusual" : "" }, element("th", { scope: "row", text: column }), element("td", { text: value || "—" }),
          element("td", { class: "why", text: unusual ? `▲ ${unusual}` : "" })));
      parts.push(element("div", { class: "values", tabindex: "0", role: "group", "aria-label": "values" }, element("table", {}, element("tbody", {}, ...lines))));
    }
    if (row.more) parts.push(element("p", { class: "note", text: `and ${row.more.toLocaleString("en")} more columns, none of them unusual` }));
    return parts;
  }

  drawText(row, { column, text, length }) {
    const shown = element("pre", { class: "text", tabindex: "0", role: "group", "aria-label": column, text });
    const parts = [element("div", { class: "column", text: column }), shown];
    if (length > text.length) {
      const more = element("button", { type: "button", class: "more", text: `${length.toLocaleString("en")} letters, the first ${text.length.toLocaleString("en")} are shown: show more` });
      more.addEventListener("click", () => this.send({ kind: "text", id: row.id, column, start: shown.textContent.length }));
      shown.dataset.column = column;
      parts.push(more);
    }
    return element("div", { class: "texts" }, ...parts);
  }

  hearText({ id, column, start, text, length }) {
    if (!this.shown || this.shown.id !== id) return;
    const shown = [...this.rowBox.querySelectorAll("pre.text")].find((one) => one.dataset.column === column);
    if (!shown || shown.textContent.length !== start) return;
    shown.append(text);
    const button = shown.nextSibling;
    if (shown.textContent.length >= length) button.remove();
    else button.textContent = `${length.toLocaleString("en")} letters, the first ${shown.textContent.length.toLocaleString("en")} are shown: show more`;
  }

  drawNeighbours(row) {
    if (this.judging) return [];
    if (!row.neighbours) {
      this.send({ kind: "neighbours", id: row.id, ticket: row.ticket });
      return [element("p", { class: "note", text: "…" })];
    }
    return row.neighbours.map(({ title, rows }) => element("div", { class: "group", role: "group", "aria-label": title }, element("div", { class: "column", text: title }),
      element("div", { class: "cards" }, ...rows.map(({ label, image, brief }) => element("figure", { class: "card" },
        image ? element("img", { class: "image", src: image, alt: "" }) : element("p", { class: "brief", text: brief }),
        element("figcaption", { text: label }))))));
  }

  hearNeighbours({ id, neighbours }) {
    for (const row of [...this.waiting, ...this.history.map((one) => one.row)]) if (row.id === id) row.neighbours = neighbours;
    if (this.shown && this.shown.id === id) this.side.replaceChildren(...this.drawNeighbours(this.shown));
  }

  drawFound() {
    const remark = (text) => element("li", { role: "option", "aria-disabled": "true", class: "none", text });
    const none = !this.candidates.length && this.search.value;
    this.found.replaceChildren(...this.candidates.map((label, place) => {
      const made = element("li", { role: "option", id: `${this.found.id}-${place}`, "aria-selected": String(place === this.marked), text: label });
      made.addEventListener("mousedown", (event) => {
        event.preventDefault();
        this.choose(label);
      });
      return made;
    }));
    if (none) this.found.append(remark(this.numbers ? "no number" : "no class holds that"));
    else if (this.candidates.length && this.beyond) this.found.append(remark(`and ${this.beyond.toLocaleString("en")} more: type on`));
    this.found.hidden = !this.found.childElementCount;
    this.search.setAttribute("aria-expanded", String(!this.found.hidden));
    if (this.candidates.length) this.search.setAttribute("aria-activedescendant", `${this.found.id}-${this.marked}`);
    else this.search.removeAttribute("aria-activedescendant");
  }

  drawRefused() {
    const groups = new Map();
    for (const one of this.refused.values()) groups.set(one.why, [...(groups.get(one.why) || []), one]);
    this.refusedBox.replaceChildren(...[...groups].map(([why, these]) => {
      const away = element("button", { type: "button", class: "more", text: "dismiss" });
      away.addEventListener("click", () => {
        this.dismiss(these);
        this.root.focus({ preventScroll: true });
      });
      const said = these.map(({ line }) => `${line.id}, ${line.action === "relabel" ? line.new_label : line.action}`).join("; ");
      const many = these.length > 1 ? ` ${these.length.toLocaleString("en")} answers` : "";
      return element("p", {}, element("span", { text: `Not written${many}: ${said}. ${why} ` }), away);
    }));
  }

  dismiss(these) {
    for (const { line } of these) {
      this.refused.delete(line.answer);
      this.unsaved.done(line.answer);
    }
    if (these.length) this.drawRefused();
  }

  drawState() {
    const unsaved = this.unsaved.lines.size;
    say(this.state, unsaved ? `${unsaved} not saved yet` : "all saved");
    this.state.classList.toggle("unsaved", unsaved > 0);
    const banner = this.warned(unsaved);
    this.banner.hidden = !banner;
    say(this.bannerLine, banner);
    const empty = this.rowBox.querySelector(".empty");
    if (empty) say(empty, this.nothing());
    const answered = this.answered + [...this.unsaved.lines.values()].filter((line) => line.action !== "revert").length;
    const total = this.model.get("total");
    say(this.counted, `${answered.toLocaleString("en")} of ${total.toLocaleString("en")}`);
    this.progress.setAttribute("aria-valuetext", this.counted.textContent);
    this.progress.max = Math.max(total, 1);
    this.progress.value = Math.min(answered, total);
    const recent = this.moments.slice(-PACE_OVER);
    const hours = recent.length > 2 ? (recent.at(-1) - recent[0]) / 3.6e6 : 0;
    this.pace.textContent = hours > 0 ? `${Math.round((recent.length - 1) / hours).toLocaleString("en")} rows/h` : "";
    say(this.toldLine, this.told);
  }

  // What stands between the answers and the disk, and what became of them.
  warned(unsaved) {
    const why = this.silent ? "the kernel does not answer." : [...new Set([...this.hindered.values()].map(({ text }) => text))].join(" ");
    if (!why) return (this.model.get("meter") || {}).unreadable || "";
    const them = unsaved === 1 ? "it" : "them";
    const kept = this.unsaved.kept ? `This browser keeps ${them}` : "Keep this page open";
    const what = unsaved ? `${counted(unsaved, "answer is", "answers are")} not saved: ` : this.silent ? "Nothing can be saved: " : "";
    if (!this.silent) return `${what}${why}${unsaved ? ` ${kept} until then.` : ""}`;
    return `${what}${why} ${unsaved ? `${kept}; when` : "When"} the kernel runs again, reload this page on the same address and run this cell again.`;
  }

  drawRun(text = "") {
    say(this.runLine, text || this.run.told || "What are these answers worth? dvc exp run, in the background.");
    this.runButton.disabled = this.run.state === "running";
  }

  drawMeter() {
    const meter = this.model.get("meter") || {};
    const told = meter.told || [];
    this.answered = meter.answered || 0;
    this.yieldLine.replaceChildren(...told.map((text, place) => element("p", { class: meter.stop && place === told.length - 1 ? "stop" : "", text })));
    this.summary.hidden = !(meter.summary || []).length;
    this.summaryLines.replaceChildren(...(meter.summary || []).map((text) => element("p", { text })));
    if (this.counted) this.drawState();
  }

  tell(text) {
    this.told = text;
    say(this.toldLine, text);
  }

  close() {
    clearInterval(this.timer);
    window.removeEventListener("beforeunload", this.onLeave);
    this.model.off("msg:custom", this.onMessage);
    this.model.off("change:meter", this.onMeter);
  }
}

function render({ model, el }) {
  const root = element("div");
  el.append(root);
  const review = new Review(model, root);
  return () => review.close();
}

export default { render };
