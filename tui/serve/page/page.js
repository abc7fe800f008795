// Begins the terminal of textual.js once its font is there: it measures a character once, when it is made.
const begin = window.onload;
window.onload = async (event) => {
  const size = Number(new URLSearchParams(location.search).get("fontsize")) || 16;
  const terminal = document.getElementById("terminal");
  terminal.dataset.fontSize = String(Math.min(Math.max(size, 6), 48));
  // Beside this page, whatever host, port and tunnel it came through.
  const beside = new URL("ws", location.href.replace(/[?#].*/, ""));
  beside.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  terminal.dataset.sessionWebsocketUrl = beside.href;
  await Promise.allSettled(["", "bold ", "italic "].map((style) => document.fonts.load(`${style}16px "Roboto Mono"`)));
  begin.call(window, event);
  terminal.querySelector("textarea").focus();
};
