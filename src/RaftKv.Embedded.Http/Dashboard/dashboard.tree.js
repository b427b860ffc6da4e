// ---- the tree of keys ----

const mostChanges = 100;          // of a watch

const ownCopy = "from this node's own copy: there is no quorum";
const expanded = new Set();       // groups that are open, and stay so when the tree is read again
const drawn = { own: false };     // whether the tree is this node's own copy

const hasQuorum = () => status.leaderId !== null && !status.quorum.lost;

/** Reads from the quorum, or from the node's own copy when there is none. */
async function read(path) {
  if (hasQuorum()) {
    try {
      return { answer: await call('GET', path), isOwn: false };
    } catch (error) {
      if (error.status !== 503) throw error;
    }
  }
  return { answer: await call('GET', `${path}&consistency=stale`), isOwn: true };
}

async function search() {
  const prefix = $('prefix').value;
  try {
    const items = await children(prefix, prefix);
    $('keys').replaceChildren(...items);
    $('keys-none').hidden = items.length > 0;
    text($('keys-note'), drawn.own ? ownCopy : '');
    markOpen();
  } catch (error) {
    text($('keys-note'), error.message);
  }
}

/** A page of what is below a prefix, as list items; one more item reads the next page in its place. */
async function children(prefix, shownFrom, after) {
  const parameters = new URLSearchParams({ prefix, internal: $('internal').checked });
  if (after !== undefined) parameters.set('after', after);
  const { answer, isOwn } = await read(`/v1/tree?${parameters}`);
  drawn.own = isOwn;
  const page = await answer.json();
  const items = await Promise.all(page.children.map(child => child.group ? group(child, shownFrom) : leaf(child, shownFrom)));
  if (page.next !== undefined) {
    const more = make('button', { type: 'button', class: 'quiet small' }, 'More');
    const item = make('li', {}, more);
    more.onclick = () => reported(async () => item.replaceWith(...await children(prefix, shownFrom, page.next)));
    items.push(item);
  }
  return items;
}

/** The last part of a name; the whole name where nothing of it is above. */
const below = (name, shownFrom) => name.slice(shownFrom.lastIndexOf('/') + 1) || name;

async function group(child, shownFrom) {
  const button = make('button', { type: 'button', class: 'group', 'aria-expanded': 'false', title: child.name }, below(child.name, shownFrom));
  const list = make('ul', {});
  const item = make('li', {}, button, list);
  const expand = async isOpen => {
    list.replaceChildren(...isOpen ? await children(child.name, child.name) : []);
    button.setAttribute('aria-expanded', String(isOpen));
    isOpen ? expanded.add(child.name) : expanded.delete(child.name);
    markOpen();
  };
  button.onclick = () => reported(() => expand(button.getAttribute('aria-expanded') !== 'true'));
  if (expanded.has(child.name))
    await expand(true);
  return item;
}

function leaf(child, shownFrom) {
  const about = [bytesOf(child.bytes), `version ${child.version}`, ...child.expiresAt ? [expiry(child.expiresAt)] : [], ...child.leaseId ? [`lease ${child.leaseId}`] : []];
  return make('li', {}, make('button', { type: 'button', title: child.name, onclick: () => open(child.name, child.internal) },
    make('span', {}, below(child.name, shownFrom)), ' ', make('small', {}, about.join(' · '))));
}

const bytesOf = length => `${number(length)} ${length === 1 ? 'byte' : 'bytes'}`;

function expiry(at) {
  const left = Date.parse(at) - Date.now();
  return left > 0 ? `expires in ${ago(left)}` : 'expired';
}

function markOpen() {
  for (const button of $('keys').querySelectorAll('button:not(.group)'))
    button.setAttribute('aria-current', String(entry !== null && entry.etag !== null && button.title === entry.key));
}

async function eraseBelow() {
  const prefix = $('prefix').value;
  if (prefix === '') return complain('Type the prefix of the keys that are to be deleted.');
  await reported(async () => {
    const path = `/v1/prefix?prefix=${encodeURIComponent(prefix)}`;
    const { count } = await (await call('GET', path)).json();
    const keys = `${number(count)} ${count === 1 ? 'key' : 'keys'}`;
    if (count === 0) return toast(`No key begins with ${prefix}.`);
    if (!await confirmed(`Delete ${keys}?`, `All keys that begin with ${prefix} are deleted on every node. There is no way back.`, `Delete ${keys}`)) return;
    const { deleted } = await (await call('DELETE', `${path}&count=${count}`)).json();
    toast(`${number(deleted)} ${deleted === 1 ? 'key is' : 'keys are'} deleted.`);
    hide();
    await search();
  });
}

// ---- a live watch ----

let watch = null;

function toggleWatch() {
  if (watch !== null) return endWatch('The watch is closed.');
  const prefix = $('prefix').value;
  watch = new EventSource(`${base}/v1/watch?keysOnly=true&prefix=${encodeURIComponent(prefix)}${hasQuorum() ? '' : '&consistency=stale'}`);
  for (const kind of ['put', 'deleted', 'expired', 'revoked'])
    watch.addEventListener(kind, event => drawChange(kind, JSON.parse(event.data)));
  watch.addEventListener('end', () => endWatch('The node has ended the watch.'));
  watch.onerror = () => { if (watch?.readyState === EventSource.CLOSED) endWatch('The watch was refused or has ended.'); };
  $('changes').replaceChildren();
  text($('watch'), 'Stop watching');
  $('watched').hidden = false;
  text($('watch-note'), `Changes of ${prefix === '' ? 'every key' : `keys that begin with ${prefix}`}, newest first.`);
}

function endWatch(reason) {
  watch?.close();
  watch = null;
  text($('watch'), 'Watch');
  text($('watch-note'), reason);
}

function drawChange(kind, { key, version }) {
  if (!$('internal').checked && rights.internal.some(p => key.startsWith(p))) return;
  $('changes').prepend(make('li', {}, make('span', { class: `pill ${kind === 'put' ? 'voter' : ''}` }, kind), make('code', {}, key), make('span', { class: 'note' }, `version ${number(version)}`)));
  while ($('changes').children.length > mostChanges)
    $('changes').lastElementChild.remove();
}

function wireTree() {
  $('search').onsubmit = event => { event.preventDefault(); search(); };
  $('internal').onchange = search;
  $('erase-below').onclick = eraseBelow;
  $('watch').onclick = toggleWatch;
  known.then(search);
}
