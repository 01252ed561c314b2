// Buttons that copy a field's text. Without this module, or without a clipboard, the field is selected and copied by hand.

const status = document.getElementById("copied");

for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  if (!navigator.clipboard || !field) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    // Emptied first: the same words twice are not said twice.
    status.textContent = "";
    requestAnimationFrame(() => { status.textContent = button.dataset.done; });
    button.classList.add("done");
  });
}
