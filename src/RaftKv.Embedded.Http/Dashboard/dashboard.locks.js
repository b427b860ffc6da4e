// ---- locks and leases ----

const locksEvery = 5000;          // milliseconds between two looks, while the page is seen

async function drawLocks() {
  if (!isConnected() || document.hidden) return;
  try {
    const { locks, more } = await (await call('GET', '/v1/locks')).json();
    $('locks').replaceChildren(...locks.map(lockRow));
    $('locks').parentElement.hidden = locks.length === 0;
    $('locks-none').hidden = locks.length > 0;
    text($('locks-note'), more ? `the first ${number(locks.length)}` : '');
  } catch (error) {
    text($('locks-note'), `not known now: ${error.message}`);
  }
}

function lockRow({ name, holder, token, askedAt, waiting, lease }) {
  const cell = (...content) => make('td', { role: 'cell' }, ...content);
  const left = lease ? `${ago(lease.remainingMs)} of ${ago(lease.timeToLiveMs)} left` : 'ended';
  return make('tr', { role: 'row' }, make('td', { class: 'who', role: 'cell' }, make('b', {}, name), make('small', {}, `token ${token}`)), cell(holder || 'not known'),
    cell(make('time', { datetime: askedAt, title: new Date(askedAt).toLocaleString() }, `${ago(Math.max(0, status.at - Date.parse(askedAt)))} ago`)),
    cell(waiting === 0 ? 'none waits' : `${number(waiting)} wait`), make('td', { class: 'who', role: 'cell' }, left, make('small', {}, lease ? `lease ${lease.id}` : '')));
}

// The pages that were asked for are read again, so that what has ended goes.
let leasePages = 1;

async function drawLeases() {
  if (!isConnected() || document.hidden) return;
  try {
    const rows = [];
    let next;
    for (let page = 0; page < leasePages && (page === 0 || next !== undefined); page++) {
      const { leases, next: behind } = await (await call('GET', `/v1/leases${next === undefined ? '' : `?after=${next}`}`)).json();
      rows.push(...leases.map(leaseRow));
      next = behind;
    }
    $('leases').replaceChildren(...rows);
    $('leases').parentElement.hidden = rows.length === 0;
    $('leases-none').hidden = rows.length > 0;
    $('leases-more').hidden = next === undefined;
    text($('leases-note'), next === undefined ? '' : `the first ${number(rows.length)}`);
  } catch (error) {
    text($('leases-note'), `not known now: ${error.message}`);
  }
}

function leaseRow({ id, holder, timeToLiveMs, remainingMs, keyCount, keys }) {
  const cell = (...content) => make('td', { role: 'cell' }, ...content);
  const first = keys.length === 0 ? '' : keys.length < keyCount ? `${keys[0]} …` : keys.join(', ');
  return make('tr', { role: 'row' },
    cell(make('b', {}, String(id))), cell(holder ?? 'not known'), cell(`${ago(remainingMs)} of ${ago(timeToLiveMs)}`),
    make('td', { class: 'who', role: 'cell' }, `${number(keyCount)} ${keyCount === 1 ? 'key' : 'keys'}`, make('small', {}, first)));
}

// ---- what the user of the page may do ----

let rights = { read: false, write: false, admin: false, internal: [] };

async function begin() {
  if (document.documentElement.dataset.access !== 'open') return;
  wireEntry();
  wireCluster();
  try {
    rights = await (await call('GET', '/rights')).json();
  } catch (error) {
    complain(error.message);
  }
  for (const name of ['read', 'write', 'admin'])
    document.documentElement.dataset[name] = rights[name] ? 'yes' : 'no';
  if (!rights.read) return;
  wireTree();
  $('leases-more').onclick = () => { leasePages++; drawLeases(); };
  const holders = () => Promise.all([drawLocks(), drawLeases()]);
  known.then(holders);
  setInterval(holders, locksEvery);
}

begin();
connect();
setInterval(drawConnection, 1000);
