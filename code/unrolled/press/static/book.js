// The page's own small actions, which the theme would put into inline handlers.
document.addEventListener("click", (event) => {
  const action = event.target.closest?.("[data-press]")?.dataset.press;
  if (action === "print") window.print();
  if (action === "fullscreen") {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.();
  }
});

// A browser runs no module from a file. The stills stay; say what to do.
if (location.protocol === "file:") {
  for (const status of document.querySelectorAll(".interactive-status")) {
    status.textContent = "This interactive runs only where the book is served: on the web, or with “make read” in its checkout.";
  }
}
