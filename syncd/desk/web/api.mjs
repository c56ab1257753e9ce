// api.mjs: the console's interface as these pages use it; docs/console.md describes it. A page that
// has many calls of its own keeps them in its own module, made with get and post of kit/request.mjs.
import { get, post } from 'kit/request.mjs';

const id = encodeURIComponent;

// With a query of those values that say something.
export function query(path, values = {}) {
  const given = Object.entries(values).filter(([, value]) => value !== '' && value != null);

  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path;
}

export const me = () => get('api/me');
export const login = (name, secret) => post('api/login', { name, secret });
export const loginCode = (code) => post('api/login/code', { code });
export const logout = () => post('api/logout');
export const changeSecret = (old, fresh) => post('api/secret', { old, new: fresh });

export const people = () => get('api/people');
export const addPerson = (person) => post('api/people', person);
export const disablePerson = (person, reason) => post(`api/people/${id(person)}/disable`,
  { reason });
export const enablePerson = (person, reason) => post(`api/people/${id(person)}/enable`,
  { reason });
export const setRights = (person, rights) => post(`api/people/${id(person)}/rights`, rights);
export const resetPerson = (person) => post(`api/people/${id(person)}/reset`);
