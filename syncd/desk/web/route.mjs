// route.mjs: which page is shown. The address after # names it: "#/records/12-5?area=430626". Ids,
// codes and states only, never a name of anybody: addresses stay in histories. Words that somebody
// searches for go in the body of a request instead.
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

export function routeNow() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/').map(decode);

  return { name: parts[0] || 'home', words: parts.slice(1),
    filters: Object.fromEntries(new URLSearchParams(query)) };
}

// The address of a page: href('records', [id], { area }). Empty filters are left out.
export function href(name, words = [], filters = {}) {
  const given = Object.entries(filters).filter(([, value]) => value !== '' && value != null);
  const query = new URLSearchParams(given).toString();

  return `#/${[name, ...words].map(encodeURIComponent).join('/')}${query ? `?${query}` : ''}`;
}

export function go(name, words, filters) {
  location.hash = href(name, words, filters);
}

// Other filters of the page that is shown, without a step back to the ones before.
export function refilter(filters) {
  const { name, words } = routeNow();

  history.replaceState(null, '', href(name, words, filters));
  dispatchEvent(new HashChangeEvent('hashchange'));
}
