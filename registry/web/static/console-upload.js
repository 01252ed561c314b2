// Dropping a file onto the form: it becomes what the form's own field holds, so everything else stays as it is.

const area = document.querySelector("[data-drop]");
if (area) {
  const field = area.querySelector("input[type=file]");
  const chosen = area.querySelector(".chosen");
  area.querySelector(".drop-hint").hidden = false;

  const say = () => {
    const file = field.files[0];
    chosen.textContent = file ? chosen.dataset.text.replace("%(name)s", () => file.name) : "";
  };
  for (const name of ["dragenter", "dragover"]) {
    area.addEventListener(name, (event) => {
      event.preventDefault();
      area.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    area.addEventListener(name, () => area.classList.remove("over"));
  }
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length !== 1) return;
    field.files = event.dataTransfer.files;
    say();
  });
  field.addEventListener("change", say);
}
