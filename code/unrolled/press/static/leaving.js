/** Lets the browser ask before a page is left that holds what could not be saved. */

/**
 * @param {() => boolean} isUnsaved  holds the page such a text?
 * @returns {() => void} to be called after each try to save. The browser's way of keeping a left
 *   page for "back" may end where a page listens, so it listens only while there is something.
 */
export function guardOf(isUnsaved) {
  const ask = (event) => {
    if (isUnsaved()) event.preventDefault();
  };
  return () => {
    if (isUnsaved()) window.addEventListener("beforeunload", ask);
    else window.removeEventListener("beforeunload", ask);
  };
}
