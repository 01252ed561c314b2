// How far the credentials of an upload are, asked for every other second until all of them are final.

const section = document.querySelector("[data-progress]");
const status = section.querySelector("[data-status]");
const PAUSE_MILLISECONDS = 2000;
const STAGES = ["signed", "sealed", "anchored", "final"];
const numbers = new Intl.NumberFormat(document.documentElement.lang);

function show(progress) {
  for (const name of ["expected", ...STAGES]) {
    for (const place of section.querySelectorAll(`[data-count="${name}"]`)) place.textContent = numbers.format(progress[name]);
  }
  for (const name of STAGES) {
    const bar = document.getElementById(`stage-${name}`);
    bar.max = progress.expected || 1;
    bar.value = progress[name];
  }
}

async function ask() {
  let answer;
  try {
    answer = await fetch(section.dataset.progress, { headers: { Accept: "application/json" }, redirect: "error" });
  } catch {
    answer = { ok: false };
  }
  if (!answer.ok) {
    status.textContent = section.dataset.lost;
    return true;
  }
  const progress = await answer.json();
  show(progress);
  if (progress.failure || progress.isFinal) {
    // The page as the server writes it says everything else too.
    location.reload();
    return false;
  }
  const seconds = progress.remainingSeconds;
  status.textContent = seconds === null ? "" : section.dataset.remaining.replace("%(seconds)s", () => numbers.format(seconds));
  return true;
}

async function watch() {
  if (await ask()) setTimeout(watch, PAUSE_MILLISECONDS);
}

setTimeout(watch, PAUSE_MILLISECONDS);
