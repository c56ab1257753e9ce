// route.mjs: which page is shown. The address after # names it: records by their ids, drafts by
// their numbers, never a name of anybody.
export function routeNow() {
  const parts = location.hash.replace(/^#\/?/, '').split('/').map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return '';
    }
  });

  return { name: parts[0] || 'home', words: parts.slice(1) };
}

export function go(...parts) {
  location.hash = `/${parts.map(encodeURIComponent).join('/')}`;
}
