"use strict";
(() => {
  const reqs = [...document.querySelectorAll(".req")];
  const tools = document.querySelector(".tools");
  const buttons = [...document.querySelectorAll("button[data-show]")];
  const show = (v) => {
    reqs.forEach((r) => r.classList.toggle("shown", r.dataset.v === v));
    if (v) document.body.dataset.show = v; else delete document.body.dataset.show;
    buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.show === v)));
  };
  buttons.forEach((b) => b.addEventListener("click", () => show(b.dataset.show)));
  document.querySelectorAll("button[data-open]").forEach((b) => b.addEventListener("click", () => {
    reqs.forEach((r) => { r.open = b.dataset.open === "1"; });
  }));
  const go = () => {
    const at = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const r = at && at.closest(".req");
    for (let d = at; d; d = d.parentElement) if (d.tagName === "DETAILS") d.open = true;
    if (!r) {
      if (at) at.scrollIntoView();
      return;
    }
    if (document.body.dataset.show && !r.classList.contains("shown")) show("");
    r.open = true;
    r.scrollIntoView();
  };
  addEventListener("hashchange", go);
  go();
  let shut = [];
  addEventListener("beforeprint", () => {
    shut = [...document.querySelectorAll("details:not([open])")];
    shut.forEach((d) => { d.open = true; });
  });
  addEventListener("afterprint", () => shut.forEach((d) => { d.open = false; }));
  if (tools) tools.hidden = false;
})();
