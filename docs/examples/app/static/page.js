// Sends the form without leaving the page, so that the chosen file stays chosen. Without this script the form still works.
"use strict";
const form = document.getElementById("ask"), result = document.getElementById("result");
const state = document.getElementById("state"), file = document.getElementById("file"), words = form.dataset;

form.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (button && button.formTarget === "_blank") return; // the report opens beside the page
  event.preventDefault();
  if (document.body.ariaBusy) return;
  if (file.files.length && file.files[0].size > Number(words.most)) return say(words.tooLarge);
  document.body.ariaBusy = "true";
  say(words.working);
  try {
    const to = button && button.hasAttribute("formaction") ? button.formAction : form.action;
    const answer = await fetch(to, { method: "POST", body: new FormData(form) });
    const name = /filename\*=UTF-8''(\S+)/.exec(answer.headers.get("Content-Disposition") || "");
    if (name) save(await answer.blob(), decodeURIComponent(name[1]));
    else show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    say(words.failed);
  } finally {
    document.body.ariaBusy = null;
  }
});

// what is shown is about what was chosen; another choice makes it old
form.addEventListener("input", () => {
  document.getElementById("chosen").textContent = file.files.length ? file.files[0].name : words.none;
  result.replaceChildren();
  say("");
});

function say(text) { state.textContent = text; }

function show(page) {
  result.replaceChildren(...page.getElementById("result").childNodes);
  say(words.done);
  const title = result.querySelector("h2");
  if (title) { title.focus({ preventScroll: true }); title.scrollIntoView(); }
}

function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
  say(words.saved + name);
}
