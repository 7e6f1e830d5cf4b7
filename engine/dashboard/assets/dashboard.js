"use strict";

// Asks for the part that changes again and again, and puts it in where it is another one.
(() => {
  const live = document.getElementById("live");
  const lost = document.getElementById("connection");
  if (!live) return;
  const EVERY = 2000;
  const LONGEST = 15000;
  let tag = live.dataset.tag;
  let timer = 0;

  const ago = (seconds) => {
    if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s ago`;
    if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
    if (seconds < 172800) return `${Math.round(seconds / 3600)} h ago`;
    return `${Math.round(seconds / 86400)} days ago`;
  };

  const age = () => {
    for (const part of live.querySelectorAll("[data-since]")) {
      part.textContent = ago((Date.now() - Date.parse(part.dataset.since)) / 1000);
    }
  };

  const say = (words) => {
    lost.textContent = words;
    lost.hidden = words === "";
  };

  const ask = async () => {
    const gone = new AbortController();
    const patience = setTimeout(() => gone.abort(), LONGEST);
    try {
      const answer = await fetch(live.dataset.source, {
        cache: "no-store",
        credentials: "same-origin",
        redirect: "error",
        headers: { "If-None-Match": tag },
        signal: gone.signal,
      });
      if (answer.status === 401) {
        say("The dashboard wants its token again: load this page anew.");
      } else if (answer.status === 404) {
        say("This run is not there any more; what was last known of it is below.");
      } else if (answer.status === 304) {
        say("");
      } else if (answer.ok) {
        // Written by the server, which escapes every value.
        live.innerHTML = await answer.text();
        tag = answer.headers.get("ETag") || "";
        say("");
      } else {
        say("The dashboard cannot answer now; it is asked again.");
      }
    } catch {
      say("The connection to the dashboard is lost; it is tried again.");
    } finally {
      clearTimeout(patience);
    }
    age();
  };

  const again = async () => {
    clearTimeout(timer);
    if (!document.hidden) await ask();
    clearTimeout(timer);
    timer = setTimeout(again, EVERY);
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) again();
  });
  age();
  timer = setTimeout(again, EVERY);
})();
