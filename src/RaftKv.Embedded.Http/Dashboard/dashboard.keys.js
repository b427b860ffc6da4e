
const pageOfKeys = 50;
const longestText = 256 * 1024;   // bytes of a value that the page shows
let next = null;                  // where the next page of keys begins
let entry = null;                 // {key, etag, editable} of the entry shown; etag null for a new one

// ---- keys ----

// As a parameter, because a path cannot name every key.
const pathOf = key => `/v1/kv?key=${encodeURIComponent(key)}`;

const ownCopy = "from this node's own copy: there is no quorum";

/** Reads from the quorum, or from the node's own copy when there is none. */
async function read(path) {
  if (status.leaderId && !status.quorum.lost) {
    try {
      return { answer: await call('GET', path), isOwn: false };
    } catch (error) {
      if (error.status !== 503) throw error;
    }
  }
  return { answer: await call('GET', `${path}&consistency=stale`), isOwn: true };
}

async function search(after) {
  const parameters = new URLSearchParams({ prefix: $('prefix').value, limit: pageOfKeys, keysOnly: true });
  if (after) parameters.set('after', after);
  try {
    const { answer, isOwn } = await read(`/v1/kv?${parameters}`);
    const page = await answer.json();
    const items = page.entries.map(({ key }) => make('li', {}, make('button', { type: 'button', title: key, onclick: () => open(key) }, key)));
    after ? $('keys').append(...items) : $('keys').replaceChildren(...items);
    next = page.next ?? null;
    $('more').hidden = next === null;
    $('keys-none').hidden = $('keys').children.length > 0;
    text($('keys-note'), `${number($('keys').children.length)}${next ? ' of more' : ''} shown${isOwn ? `, ${ownCopy}` : ''}`);
    markOpen();
  } catch (error) {
    text($('keys-note'), error.message);
  }
}

function markOpen() {
  for (const button of $('keys').querySelectorAll('button'))
    button.setAttribute('aria-current', String(entry !== null && entry.etag !== null && button.title === entry.key));
}

async function open(key) {
  try {
    const { answer, isOwn } = await read(pathOf(key));
    const bytes = new Uint8Array(await answer.arrayBuffer());
    show({ key, etag: answer.headers.get('ETag'), isOwn, ...readable(bytes) });
  } catch (error) {
    complain(error.message);
    if (error.code === 'key_not_found') search();
  }
}

/** What of a value can be shown, and whether saving the text would give the same bytes back. */
function readable(bytes) {
  const size = `${number(bytes.length)} ${bytes.length === 1 ? 'byte' : 'bytes'}`;
  if (bytes.length > longestText)
    return { editable: false, value: hex(bytes.subarray(0, 4096)), about: `${size}, the first 4,096 as hexadecimal digits. Too large to edit here.` };
  try {
    const value = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // A text field turns every end of a line into a line feed, and shows control characters as nothing.
    if (!/[\u0000-\u0008\u000b-\u001f\u007f]/.test(value))
      return { editable: true, value, about: `${size} of text` };
  } catch {
    // Not text: shown as digits.
  }
  return { editable: false, value: hex(bytes.subarray(0, 4096)), about: `${size}, not plain text: ${bytes.length > 4096 ? 'the first 4,096 ' : ''}as hexadecimal digits, and not editable here.` };
}

function hex(bytes) {
  const digits = Array.from(bytes, b => b.toString(16).padStart(2, '0'));
  return digits.map((d, i) => d + ((i + 1) % 16 === 0 ? '\n' : (i + 1) % 8 === 0 ? '  ' : ' ')).join('').trimEnd();
}

function show(shownEntry) {
  entry = shownEntry;
  const isNew = entry.etag === null;
  $('entry').hidden = false;
  text($('entry-title'), isNew ? 'New key' : entry.key);
  $('entry-key').value = entry.key;
  $('entry-key').hidden = $('entry-key-label').hidden = !isNew;
  $('entry-value').value = entry.value;
  $('entry-value').readOnly = !entry.editable;
  $('entry-save').hidden = !entry.editable;
  $('entry-delete').hidden = isNew;
  text($('entry-note'), isNew ? '' : `Version ${entry.etag.replaceAll('"', '')} · ${entry.about}${entry.isOwn ? ` · ${ownCopy}` : ''}`);
  text($('entry-error'), '');
  markOpen();
  (isNew ? $('entry-key') : $('entry-value')).focus();
}

function hide() {
  entry = null;
  $('entry').hidden = true;
  markOpen();
}

// A write depends on the version that was shown, so that no change of others is overwritten unseen.
async function save(event) {
  event.preventDefault();
  const key = entry.etag === null ? $('entry-key').value : entry.key;
  const bytes = new TextEncoder().encode($('entry-value').value);
  try {
    await call('PUT', pathOf(key), bytes, entry.etag === null ? { 'If-None-Match': '*' } : { 'If-Match': entry.etag });
    toast(`${key} is written on a majority.`);
    const isNew = entry.etag === null;
    await open(key);
    if (isNew) await search();
  } catch (error) {
    text($('entry-error'), error.code === 'precondition_failed' ? `${error.message} Another writer was faster: open the key again.` : error.message);
  }
}

async function erase() {
  const { key, etag } = entry;
  if (!await confirmed(`Delete ${key}?`, 'It is deleted on every node. There is no way back.', 'Delete')) return;
  try {
    await call('DELETE', pathOf(key), undefined, { 'If-Match': etag });
    toast(`${key} is deleted.`);
    hide();
    await search();
  } catch (error) {
    text($('entry-error'), error.message);
  }
}

function wireKeys() {
  $('search').onsubmit = event => { event.preventDefault(); search(); };
  $('more').onclick = () => search(next);
  $('key-new').onclick = () => show({ key: '', etag: null, editable: true, value: '' });
  $('entry').onsubmit = save;
  $('entry-delete').onclick = erase;
  $('entry-close').onclick = hide;
  known.then(() => search());
}

if (document.documentElement.dataset.access === 'open') {
  wireCluster();
  wireKeys();
}

connect();
setInterval(drawConnection, 1000);
