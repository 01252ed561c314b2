// The preview of an achievement while its form is filled in: the server's own, asked for by the form as it stands.

const form = document.querySelector("form[data-live-preview]");
const shown = document.getElementById("preview");
const PAUSE_MILLISECONDS = 600;
let waiting;
let asked = 0;

async function refresh() {
  const number = ++asked;
  let answer;
  try {
    answer = await fetch(form.dataset.livePreview, { method: "POST", body: new FormData(form), redirect: "error" });
  } catch {
    return; // The button still works, and says what is wrong.
  }
  if (!answer.ok || number !== asked) return;
  // A document of our own, made by the template that the whole page is made by; what is parsed so runs no script.
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("preview");
  if (fresh && number === asked) shown.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, PAUSE_MILLISECONDS);
});
