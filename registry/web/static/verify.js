// The verify page with scripts: drop and paste; the service's verdict and the browser's own beside it; the browser alone
// when the service does not answer. Whatever a file says is put on the page as text.

import { CHECKS, judge, logSlot, readPresented } from "./browser_verdict.js";
import { toHex } from "./digest.js";
import { findCredentials, leafOfReceipt, readFacts } from "./dropped_files.js";
import { readChain } from "./ethereum.js";
import { canonicalize, Malformed } from "./ijson.js";
import { parseStatus, parseTime } from "./proof_forms.js";
import { FilesFailed, readPublished } from "./published_files.js";

const MAX_BYTES = 16_777_216;
const GATEWAY_FAILED = [502, 503, 504];
const encoder = new TextEncoder();
const byId = (id) => document.getElementById(id);
const form = byId("verify");
const text = JSON.parse(byId("words").textContent);
const saved = new WeakMap();
let run = 0;

// ---- what the visitor gives

byId("own-checks").hidden = false;
byId("drop-hint").hidden = false;

document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  byId("drop").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) byId("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  byId("drop").classList.remove("over");
  if (event.dataTransfer?.files.length) take(event, event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  const typing = event.target.closest?.("input, textarea");
  if (event.clipboardData?.files.length) take(event, event.clipboardData.files);
  else if (!typing && event.clipboardData?.getData("text")) {
    event.preventDefault();
    byId("text").value = event.clipboardData.getData("text");
    form.requestSubmit();
  }
});
byId("file").addEventListener("change", showChosen);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  verify();
});

function take(event, files) {
  event.preventDefault();
  byId("file").files = files;
  byId("text").value = "";
  byId("link").value = "";
  showChosen();
  form.requestSubmit();
}

function showChosen() {
  byId("chosen").textContent = Array.from(byId("file").files, (file) => file.name).join(", ");
}

// ---- the service first

async function verify() {
  const mine = (run += 1);
  const sent = new FormData(form);
  const size = Array.from(sent.values()).reduce((sum, value) => sum + (value.size ?? value.length), 0);
  if (size > MAX_BYTES) return tell(text.labels.tooLarge);
  byId("progress").textContent = text.labels.working;
  byId("form-problem")?.remove();
  try {
    const page = await askService(sent);
    if (mine !== run) return;
    if (page === null) await alone(sent, mine);
    else await show(page, mine);
  } finally {
    if (mine === run) byId("progress").textContent = "";
  }
}

// Returns the service's page, null when nobody answers for it.
async function askService(sent) {
  try {
    const response = await fetch(form.action, { method: "POST", body: sent, headers: { Accept: "text/html" }, credentials: "omit" });
    if (GATEWAY_FAILED.includes(response.status)) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return null;
  }
}

async function show(page, mine) {
  const results = page.getElementById("results");
  if (!results) return tell(page.querySelector("h1")?.textContent ?? text.labels.unreadable);
  const problem = page.getElementById("form-problem");
  if (problem) form.prepend(document.adoptNode(problem));
  byId("results").replaceWith(document.adoptNode(results));
  document.title = page.title;
  results.focus();
  await enhanceAll(mine);
}

function tell(message) {
  const notice = element("div", "notice bad", message);
  notice.id = "form-problem";
  notice.setAttribute("role", "alert");
  byId("form-problem")?.remove();
  form.prepend(notice);
}

// ---- the browser beside the service

async function enhanceAll(mine) {
  for (const section of document.querySelectorAll("#results .judged")) {
    const block = section.querySelector("script.presented");
    if (block) await enhance(section, JSON.parse(block.textContent), mine);
  }
}

async function enhance(section, { name, document: credential, receipt, verdict: service }, mine) {
  ready(section);
  const content = encoder.encode(credential);
  const own = readPresented(content);
  const brought = receipt === null ? await receiptOfService(own) : encoder.encode(receipt);
  // Nobody named other files: the service's own tell of a newer status, and hold receipts that it does not serve.
  const browser = await judgeHere(content, brought, "/published");
  if (mine !== run) return;
  for (const check of service.checks) sayBrowser(section, check.id, browser.findings[check.id], check.code);
  const opposite = service.checks.filter(({ id, result }) => [result, browser.findings[id].result].sort().join(" ") === "fail pass");
  if (opposite.length) contradict(section, opposite.map(({ id }) => id));
  saved.set(section, { name, verdict: { ...service, browser: toJson(browser) } });
}

async function receiptOfService(presented) {
  if (presented.leaf === null || logSlot(presented) === null) return null;
  try {
    const response = await fetch(`/receipts/${toHex(presented.leaf)}`, { credentials: "omit" });
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

function sayBrowser(section, id, finding, serviceCode) {
  const line = section.querySelector(`[data-check="${id}"] [data-by="browser"]`);
  const why = finding.code === serviceCode || finding.result === "pass" ? "" : ` – ${text.reasons[finding.code]}`;
  line.replaceChildren(`${text.labels.browser}: ${text.results[finding.result]}${why} `, element("code", "", finding.code));
  line.dataset.result = finding.result;
  line.hidden = false;
}

// Whose word it is that stands there large is said, and it does not look good any more.
function contradict(section, ids) {
  section.prepend(disagreement(ids.map((id) => text.checks[id])));
  for (const id of ids) showCheck(section, id, "bad", text.labels.disagree, text.labels.disagreeAdvice);
  const box = section.querySelector(".verdict");
  const heading = box.querySelector("h2");
  box.className = "verdict unsure";
  heading.className = "unsure";
  heading.querySelector(".word-icon").replaceChildren(icon("unsure"));
  const word = heading.querySelector('[data-fill="word"]');
  word.textContent = `${text.labels.service}: ${word.textContent}`;
}

function showCheck(section, id, tone, result, reason) {
  const item = section.querySelector(`[data-check="${id}"]`);
  item.className = tone;
  item.querySelector(".check-icon").replaceChildren(icon(tone));
  item.querySelector(".result").textContent = result;
  item.querySelector(".reason").textContent = reason;
  return item;
}

function disagreement(names) {
  const notice = element("div", "notice bad disagreement");
  notice.setAttribute("role", "alert");
  const head = element("p", "row bad");
  head.append(icon("bad"), element("strong", "", text.labels.disagree));
  const list = element("ul");
  list.append(...names.map((name) => element("li", "", name)));
  notice.append(head, list, element("p", "", text.labels.disagreeAdvice));
  return notice;
}

// ---- the browser's own verdict

async function judgeHere(content, receipt, ownFiles = "") {
  const given = byId("did-document").value.trim();
  const didDocument = given ? encoder.encode(given) : null;
  const published = byId("published").value.trim() || ownFiles;
  const { contract, codeHash, court, courtCodeHash } = form.dataset;
  const known = { address: contract, codeHash, court: court ? { address: court, codeHash: courtCodeHash } : null };
  let presented = readPresented(content, receipt, didDocument);
  let statusProofs = [];
  const slot = logSlot(presented);
  const more = async (latestEpoch) => {
    if (!published) return { proofs: [], receipt: null };
    const wanted = presented.receipt === null ? presented.leaf : null;
    try {
      const read = await readPublished(published, { slot, latestEpoch, leaf: wanted, issuer: presented.issuer });
      statusProofs = read.proofs;
      if (read.receipt !== null) presented = readPresented(content, canonicalize(read.receipt), didDocument);
    } catch (error) {
      // A mirror that fails says nothing of the credential.
      if (!(error instanceof FilesFailed) && !(error instanceof Malformed)) throw error;
    }
    return { proofs: statusProofs.map((proof) => proof.epoch), receipt: epochsOf(presented.receipt) };
  };
  const rpc = byId("rpc").value.trim();
  const chain = slot === null ? { problem: "chain-unreachable" } : await readChain(rpc, { slot, contract: known, receipt: epochsOf(presented.receipt), more });
  return judge({ presented, chain, statusProofs, contract: known, now: BigInt(Date.now()) * 1000n });
}

function epochsOf(receipt) {
  if (receipt === null || receipt instanceof Malformed) return null;
  try {
    return { epoch: receipt.anchor.epoch, statusEpochs: parseStatus(receipt.status).map((proof) => proof.epoch) };
  } catch {
    return { epoch: receipt.anchor.epoch, statusEpochs: [] };
  }
}

function toJson({ word, findings, leaf, block, epoch }) {
  return {
    verdict: word,
    checkedBy: "browser",
    checkedAt: new Date().toISOString(),
    block: block && { number: block.number, hash: block.hash, time: new Date(Number(block.time / 1000n)).toISOString() },
    credential: { leaf, epoch },
    checks: CHECKS.map((id, at) => ({ number: at + 1, id, ...findings[id] })),
  };
}

// ---- the browser alone

async function alone(sent, mine) {
  const files = [];
  for (const [field, value] of sent.entries()) {
    if (field === "file" && value.size) files.push({ name: value.name, content: new Uint8Array(await value.arrayBuffer()) });
    if (field === "text" && value.trim()) files.push({ name: "", content: encoder.encode(value) });
  }
  const found = findCredentials(files);
  const sections = [element("p", "notice unsure", text.labels.alone)];
  for (const item of found) sections.push(item.content === null ? null : await judgedAlone(item, found.length));
  if (mine !== run) return;
  const read = sections.filter(Boolean);
  if (read.length === 1) return tell(text.labels.aloneUnreadable);
  if (read.length < sections.length) read.push(element("p", "notice unsure", text.labels.aloneUnreadable));
  byId("results").replaceChildren(...read);
  byId("results").focus();
}

async function judgedAlone({ name, content, receipts }, count) {
  const presented = readPresented(content);
  const leaf = presented.leaf && toHex(presented.leaf);
  const receipt = receipts.find((each) => leafOfReceipt(each) === leaf) ?? (count === 1 ? receipts[0] : undefined);
  const verdict = await judgeHere(content, receipt ?? null);
  const section = byId("alone").content.firstElementChild.cloneNode(true);
  const fill = (field, value) => { section.querySelector(`[data-fill="${field}"]`).textContent = value; };
  const word = text.words[verdict.word];
  const box = section.querySelector(".verdict");
  box.classList.add(word.tone);
  box.dataset.verdict = verdict.word;
  const heading = section.querySelector("h2");
  heading.className = word.tone;
  heading.querySelector(".word-icon").replaceChildren(icon(word.tone));
  fill("word", word.title);
  fill("sentence", word.sentence);
  fill("advice", word.advice);
  fill("as-of", verdict.block ? asOf(verdict.block) : text.labels.notRead);
  const facts = presented.document instanceof Malformed ? {} : readFacts(presented.document, document.documentElement.lang.split("-")[0]);
  fill("title", facts.title ?? name);
  const rows = ["holder", "issuer", "from", "until", "skills"].filter((key) => facts[key]);
  section.querySelector('[data-fill="facts"]').replaceChildren(...rows.map((key) => fact(text.labels[key], ["from", "until"].includes(key) ? spelled(facts[key]) : facts[key])));
  for (const id of CHECKS) {
    const finding = verdict.findings[id];
    const tone = { pass: "good", fail: "bad", unknown: "unsure", skipped: "none" }[finding.result];
    const item = showCheck(section, id, tone, text.results[finding.result], text.reasons[finding.code]);
    item.dataset.result = finding.result;
    item.dataset.code = finding.code;
    sayBrowser(section, id, finding, finding.code);
  }
  ready(section);
  saved.set(section, { name, verdict: toJson(verdict) });
  return section;
}

const asOf = (block) => text.labels.asOf.replace("{number}", block.number).replace("{time}", moment(block.time));

function moment(micro) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23", timeZone: "UTC" });
  return `${format.format(Number(micro / 1000n))} UTC`;
}

// A moment that cannot be read is shown as it is written.
function spelled(value) {
  try {
    return moment(parseTime(value));
  } catch {
    return value;
  }
}

function fact(name, value) {
  const row = element("div");
  const shown = element("dd");
  shown.append(element("bdi", "", value));
  row.append(element("dt", "", name), shown);
  return row;
}

// ---- keeping a verdict

function ready(section) {
  const print = section.querySelector("button.print");
  print.hidden = false;
  print.addEventListener("click", () => globalThis.print());
  section.querySelector("form.save").addEventListener("submit", (event) => {
    const kept = saved.get(section);
    // Until the browser has checked, the service writes the file.
    if (!kept) return;
    event.preventDefault();
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([`${JSON.stringify(kept.verdict, null, 2)}\n`], { type: "application/json" }));
    link.download = "verdict.json";
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

function element(name, style = "", content = "") {
  const made = document.createElement(name);
  if (style) made.className = style;
  made.textContent = content;
  return made;
}

const icon = (kind) => byId("icons").content.querySelector(`[data-icon="${kind}"] svg`).cloneNode(true);

enhanceAll(run);
