// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// For convenience only: without this script, the page shows everything too.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const rows = Array.from(document.querySelectorAll("#table tbody tr"));
  const sites = Array.from(document.querySelectorAll("details.site"));
  const text = byId("filter-text");
  const state = byId("filter-state");
  const shown = byId("filter-shown");
  let words = null;

  function apply() {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    words ??= rows.map((row) => row.textContent.toLowerCase());
    let count = 0;
    rows.forEach((row, place) => {
      const fits =
        (!state.value || row.dataset.state === state.value) && wanted.every((word) => words[place].includes(word));
      row.hidden = !fits;
      // Rows and sites are in the same order.
      if (sites[place]) sites[place].hidden = !fits;
      count += fits;
    });
    shown.textContent = `${count} of ${rows.length} shown`;
  }

  // The filter is part of the address, so that the view can be shared.
  function remember() {
    const values = new URLSearchParams();
    if (state.value) values.set("state", state.value);
    if (text.value) values.set("text", text.value);
    const query = values.toString();
    history.replaceState(null, "", query ? `#?${query}` : "#sites");
  }

  function follow() {
    if (location.hash.startsWith("#?")) {
      const values = new URLSearchParams(location.hash.slice(2));
      text.value = values.get("text") ?? "";
      state.value = values.get("state") ?? "";
      if (state.selectedIndex < 0) state.selectedIndex = 0;
      apply();
      return;
    }
    const target = byId(location.hash.slice(1));
    if (!target) return;
    if (target.hidden) {
      text.value = state.value = "";
      apply();
    }
    for (let place = target; place; place = place.parentElement) {
      if (place.tagName === "DETAILS") place.open = true;
    }
    target.scrollIntoView();
  }

  let waiting = 0;
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { apply(); remember(); }, 150);
  });
  state.addEventListener("change", () => { apply(); remember(); });
  byId("filter").addEventListener("submit", (event) => { event.preventDefault(); apply(); remember(); });
  byId("filter").addEventListener("reset", () => setTimeout(() => { apply(); remember(); }));

  document.querySelectorAll("button[data-open]").forEach((button) => {
    button.addEventListener("click", () => {
      const open = button.dataset.open === "true";
      document.querySelectorAll(button.dataset.what).forEach((details) => {
        if (!details.hidden) details.open = open;
      });
    });
  });

  // For browsers in which a style sheet cannot open details for printing.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll(".unwell:not([open]), .advice:not([open])"));
    opened.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => {
    opened.forEach((details) => { details.open = false; });
    opened = [];
  });

  document.querySelectorAll("[data-script]").forEach((element) => { element.hidden = false; });
  addEventListener("hashchange", follow);
  apply();
  follow();
})();
