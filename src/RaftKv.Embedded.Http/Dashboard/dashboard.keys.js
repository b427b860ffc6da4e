// ---- one key ----

const longestText = 256 * 1024;   // bytes of a value that the page shows
let entry = null;                 // {key, etag, editable} of the entry shown; etag null for a new one

// As a parameter, because a path cannot name every key.
const pathOf = key => `/v1/kv?key=${encodeURIComponent(key)}`;

async function open(key, isInternal = false) {
  try {
    const { answer, isOwn } = await read(pathOf(key));
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const shownEntry = { key, etag: answer.headers.get('ETag'), expiresAt: answer.headers.get('X-RaftKv-Expires-At'), isOwn, isInternal, ...readable(bytes) };
    show({ ...shownEntry, editable: shownEntry.editable && !isInternal && rights.write });
  } catch (error) {
    if (error.code === 'secret_value')
      return show({ key, etag: '', editable: false, isInternal: true, value: '', about: 'the value is not shown' });
    complain(error.message);
    if (error.code === 'key_not_found') search();
  }
}

/** What of a value can be shown, and whether saving the text would give the same bytes back. */
function readable(bytes) {
  const size = bytesOf(bytes.length);
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

/** Indents JSON without a change of its numbers and texts; null when the text is not an object or a list. */
function pretty(value) {
  try {
    if (typeof JSON.parse(value) !== 'object') return null;
  } catch {
    return null;
  }
  let [out, depth] = ['', 0];
  const line = () => `\n${'  '.repeat(depth)}`;
  for (const [token] of value.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (token === '{' || token === '[') {
      depth++;
      out += token + line();
    } else if (token === '}' || token === ']') {
      depth--;
      out = /[{[]\s*$/.test(out) ? out.trimEnd() + token : out + line() + token;
    } else {
      out += token === ',' ? token + line() : token === ':' ? ': ' : token;
    }
  }
  return out;
}

function show(shownEntry) {
  entry = shownEntry;
  const isNew = entry.etag === null;
  $('entry').hidden = false;
  text($('entry-title'), isNew ? 'New key' : entry.key);
  $('entry-key').value = entry.key;
  $('entry-ttl').value = '';
  for (const id of ['entry-key', 'entry-key-label', 'entry-ttl', 'entry-ttl-label'])
    $(id).hidden = !isNew;
  $('entry-value').value = entry.value;
  $('entry-value').readOnly = !entry.editable;
  $('entry-save').hidden = !entry.editable;
  $('entry-delete').hidden = isNew || entry.isInternal || !rights.write;
  const json = isNew ? null : pretty(entry.value);
  $('entry-json').hidden = json === null;
  text($('entry-json-text'), json ?? '');
  const about = [...entry.etag ? [`Version ${entry.etag.replaceAll('"', '')}`] : [], entry.about, ...entry.expiresAt ? [expiry(entry.expiresAt)] : [],
    ...entry.isInternal ? ['a key of the library, not changed here'] : [], ...entry.isOwn ? [ownCopy] : []];
  text($('entry-note'), isNew ? '' : about.join(' · '));
  text($('entry-error'), '');
  markOpen();
  (isNew ? $('entry-key') : $('entry-value')).focus();
}

function hide() {
  entry = null;
  $('entry').hidden = true;
  markOpen();
}

// A write depends on the version that was shown, so that no change of others is overwritten unseen. The end of a key stays as it is.
async function save(event) {
  event.preventDefault();
  const isNew = entry.etag === null;
  const key = isNew ? $('entry-key').value : entry.key;
  const ttl = $('entry-ttl').value;
  const lifetime = !isNew ? '&keepLifetime=true' : ttl === '' ? '' : `&ttl=${encodeURIComponent(ttl)}`;
  const bytes = new TextEncoder().encode($('entry-value').value);
  try {
    await call('PUT', pathOf(key) + lifetime, bytes, isNew ? { 'If-None-Match': '*' } : { 'If-Match': entry.etag });
    toast(`${key} is written on a majority.`);
    for (let at = key.indexOf('/'); isNew && at >= 0; at = key.indexOf('/', at + 1))
      expanded.add(key.slice(0, at + 1));
    await open(key);
    await search();
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

function wireEntry() {
  $('key-new').onclick = () => show({ key: '', etag: null, editable: true, value: '' });
  $('entry').onsubmit = save;
  $('entry-delete').onclick = erase;
  $('entry-close').onclick = hide;
}
