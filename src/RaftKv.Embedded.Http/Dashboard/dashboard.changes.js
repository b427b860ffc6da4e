// ---- what changes something: absent where the app keeps it closed ----

const mostErrors = 5;
let toastTimer = 0;

/** A request whose failure is an error with the server's own words. */
async function call(method, path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(base + path, { method, body, headers: body === undefined || body instanceof Uint8Array ? headers : { 'Content-Type': 'application/json', ...headers } });
  } catch {
    throw new Error('The node did not answer. Whether anything was changed is not known.');
  }
  if (answer.ok) return answer;
  if (answer.status === 401) throw new Error('You are not signed in, or your session has ended.');
  const problem = await answer.json().catch(() => null);
  if (answer.status === 403) throw new Error(problem?.detail ?? 'You are not allowed to do this.');
  throw Object.assign(new Error(problem?.detail ?? `The server answered ${answer.status}.`), { code: problem?.code, status: answer.status });
}

/** Says that something is done; goes away by itself. */
function toast(message) {
  text($('toast'), message);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => text($('toast'), ''), 6000);
}

/** An error stays until it is closed. */
function complain(message) {
  const close = make('button', { type: 'button', class: 'quiet small', 'aria-label': 'Close this error' }, 'Close');
  const line = make('div', {}, make('span', {}, message), close);
  close.addEventListener('click', () => line.remove());
  $('errors').append(line);
  while ($('errors').children.length > mostErrors)
    $('errors').firstElementChild.remove();
}

function confirmed(title, message, yes) {
  const dialog = $('confirm');
  text($('confirm-title'), title);
  text($('confirm-text'), message);
  text($('confirm-yes'), yes);
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }));
}

async function attempt(done, action) {
  try {
    await action();
    toast(done);
  } catch (error) {
    complain(error.message);
  }
}

/** An action that says itself what it has done. */
async function reported(action) {
  try {
    await action();
  } catch (error) {
    complain(error.message);
  }
}

async function transfer(id) {
  if (await confirmed(`Make ${id} the leader?`, `${status.leaderId ?? 'The leader'} hands over once ${id} has its whole log. Writes wait for a moment.`, 'Hand over'))
    attempt(`${id} leads.`, () => call('POST', '/v1/cluster/transfer', JSON.stringify({ to: id })));
}

async function remove(id) {
  const left = status.quorum.voters - (status.members.find(m => m.nodeId === id)?.voter ? 1 : 0);
  const warning = id === status.nodeId ? ' It is the node that serves this page.' : '';
  if (await confirmed(`Remove ${id}?`, `It stops voting and keeps its data. ${left} ${left === 1 ? 'voter is' : 'voters are'} left.${warning}`, 'Remove'))
    attempt(`${id} is removed.`, () => call('DELETE', `/v1/cluster/members/${encodeURIComponent(id)}`));
}

async function promote(id) {
  if (await confirmed(`Promote ${id}?`, 'It votes once it has caught up. A majority is counted with it from then on.', 'Promote'))
    attempt(`${id} votes.`, () => call('POST', `/v1/cluster/members/${encodeURIComponent(id)}/promote`));
}

let replaced = '';

function openReplace(id) {
  replaced = id;
  text($('replace-title'), `Replace ${id}`);
  $('replace-form').reset();
  $('replace').returnValue = '';
  $('replace').showModal();
}

function replace() {
  if ($('replace').returnValue !== 'yes') return;
  const [old, nodeId, address] = [replaced, $('replace-node').value.trim(), $('replace-address').value.trim()];
  toast(`${nodeId} takes the place of ${old} …`);
  const path = `/v1/cluster/members/${encodeURIComponent(old)}/replace`;
  attempt(`${nodeId} votes, and ${old} is removed.`, () => call('POST', path, JSON.stringify({ nodeId, address })));
}

function wireCluster() {
  $('replace-cancel').onclick = () => $('replace').close();
  $('replace').addEventListener('close', replace);
  $('backup').href = `${base}/v1/cluster/backup`;
  $('snapshot').onclick = () => attempt('The snapshot is written.', () => call('POST', '/v1/cluster/snapshot'));
  $('add-open').onclick = () => { $('add-form').reset(); $('add').returnValue = ''; $('add').showModal(); };
  $('add-cancel').onclick = () => $('add').close();
  $('add').addEventListener('close', () => {
    if ($('add').returnValue !== 'yes') return;
    const [nodeId, address, role] = [$('add-node').value.trim(), $('add-address').value.trim(), $('add-learner').checked ? 'learner' : 'voter'];
    toast(`${nodeId} is being added …`);
    attempt(role === 'voter' ? `${nodeId} votes.` : `${nodeId} is a learner.`, () => call('POST', '/v1/cluster/members', JSON.stringify({ nodeId, address, role })));
  });
}

