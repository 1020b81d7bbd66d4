// Where the exporter's answers are: below this page, wherever a proxy puts it.

/** The address of a path of ours; fetch refuses one with a login, which the page's own may have. */
export function address(path) {
  const url = new URL(path.replace(/^\//, ""), document.baseURI);
  url.username = "";
  url.password = "";
  return url;
}
