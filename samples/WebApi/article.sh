#!/usr/bin/env bash
# The article's session with curl, its six tests one after the other, against nodes of this sample that it starts, kills and restarts itself.
# Prints each command with its answer and ends with 0 when every answer is what it must be. Needs bash, curl and the .NET SDK.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Eight ports, HTTP and Raft of four nodes; the article's unless told.
read -r h1 h2 h3 h4 r1 r2 r3 r4 <<< "${ARTICLE_PORTS:-2221 2222 2223 2224 1111 1112 1113 1114}"
program=${ARTICLE_PROGRAM:-samples/WebApi/bin/Release/net10.0/WebApi.dll}
if [ -z "${ARTICLE_PROGRAM:-}" ]; then dotnet build samples/WebApi -c Release -v q --nologo; fi

data=$(mktemp -d)
declare -A pids
trap 'for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done; wait 2>/dev/null; rm -rf "$data"' EXIT

curl() { command curl -sS --max-time 30 "$@"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
stat() { curl "http://localhost:$1/raft/stats" | grep -o "\"$2\":\"[^\"]*\""; }

start() { # node, HTTP port, Raft port
  echo "\$ SERVER_PORT=$2 RAFT_NODE_ID=$1 RAFT_PORT=$3 RAFT_VOL_DIR=node_${1#node}_data dotnet run --project samples/WebApi"
  SERVER_PORT=$2 RAFT_NODE_ID=$1 RAFT_PORT=$3 RAFT_VOL_DIR="$data/node_${1#node}_data" dotnet "$program" > "$data/$1.log" 2>&1 < /dev/null &
  pids[$1]=$!
  for _ in $(seq 300); do
    # Until the replica is open, no other node can reach it.
    case $(stat "$2" state 2>/dev/null) in '' | *Opening*) ;; *) return ;; esac
    kill -0 "${pids[$1]}" 2>/dev/null || { cat "$data/$1.log" >&2; fail "$1 ended by itself"; }
    sleep 0.1
  done
  fail "$1 does not answer"
}

# Runs the command on the standard input and prints it with its answer, which must contain the argument. A follower's own copy is a moment
# behind the leader's, so that a reading command is repeated until then.
run() { # expected
  local command answer
  command=$(cat)
  for _ in $(seq 100); do
    answer=$(eval "$command")
    if [[ $answer == *"$1"* ]]; then printf '$ %s\n%s\n' "$command" "$answer"; return; fi
    if [[ $command == *"-X POST"* || $command == *"-X DELETE"* ]]; then break; fi
    sleep 0.1
  done
  printf '$ %s\n%s\n' "$command" "$answer"
  fail "the answer must contain $1"
}

leadership() { echo "$(stat "$h1" leader_id) $(stat "$h1" term)"; }

echo "# 1. Run the program three times and join two nodes to the first."
start node1 "$h1" "$r1"
start node2 "$h2" "$r2"
start node3 "$h3" "$r3"
run '"message":"node node2 at localhost:'"$r2"' joined successfully"' << END
curl -X POST 'http://localhost:$h1/raft/join' -H 'Content-Type: application/json' --data-raw '{"node_id": "node2", "raft_address": "localhost:$r2"}'
END
run '"num_peers":"2"' << END
curl -X POST 'http://localhost:$h1/raft/join' -H 'Content-Type: application/json' -H 'Content-Type: text/plain' --data-raw '{"node_id": "node3", "raft_address": "localhost:$r3"}'
END

echo "# 2. Set on one node, get from the two others; delete; not found on every node."
run '"value":"bar"' << END
curl -X POST 'http://localhost:$h1/store' -H 'Content-Type: application/json' --data-raw '{"key": "foo", "value": "bar"}'
END
for port in "$h2" "$h3"; do
  run '"value":"bar"' <<< "curl -X GET 'http://localhost:$port/store/foo'"
done
run '"deleted":true' <<< "curl -X DELETE 'http://localhost:$h1/store/foo'"
for port in "$h1" "$h2" "$h3"; do
  run '"error":"Key not found."' <<< "curl -X GET 'http://localhost:$port/store/foo'"
done

echo "# 3. Remove node3, write, join it again: at the first try, and the leader stays."
before=$(leadership)
run '"num_peers":"1"' << END
curl -X POST 'http://localhost:$h1/raft/remove' -H 'Content-Type: application/json' -H 'Content-Type: text/plain' --data-raw '{"node_id": "node3"}'
END
run '"value":"my value"' << END
curl -X POST 'http://localhost:$h1/store' -H 'Content-Type: application/json' --data-raw '{"key": "removednode", "value": "my value"}'
END
run '"value":"my value"' <<< "curl -X GET 'http://localhost:$h2/store/removednode'"
run '"num_peers":"2"' << END
curl -X POST 'http://localhost:$h1/raft/join' -H 'Content-Type: application/json' -H 'Content-Type: text/plain' --data-raw '{"node_id": "node3", "raft_address": "localhost:$r3"}'
END
run '"value":"my value"' <<< "curl -X GET 'http://localhost:$h3/store/removednode'"
[ "$(leadership)" = "$before" ] || fail "the leader changed: $before, then $(leadership)"

echo "# 4. Kill node3, write, start it again with its data: it catches up, and the leader stays."
before=$(leadership)
echo "\$ kill -9 <node3>"
kill -9 "${pids[node3]}"
wait "${pids[node3]}" 2> /dev/null || true
run '"value":"hello world"' << END
curl -X POST 'http://localhost:$h1/store' -H 'Content-Type: application/json' --data-raw '{"key": "problemnode", "value": "hello world"}'
END
run '"value":"hello world"' <<< "curl -X GET 'http://localhost:$h2/store/problemnode'"
start node3 "$h3" "$r3"
run '"value":"hello world"' <<< "curl -X GET 'http://localhost:$h3/store/problemnode'"
[ "$(leadership)" = "$before" ] || fail "the leader changed: $before, then $(leadership)"

echo "# 5. Start an empty node4, join it: it has everything written before."
start node4 "$h4" "$r4"
run '"num_peers":"3"' << END
curl -X POST 'http://localhost:$h1/raft/join' -H 'Content-Type: application/json' -H 'Content-Type: text/plain' --data-raw '{"node_id": "node4", "raft_address": "localhost:$r4"}'
END
run '"value":"hello world"' <<< "curl -X GET 'http://localhost:$h4/store/problemnode'"
run '"value":"my value"' <<< "curl -X GET 'http://localhost:$h4/store/removednode'"

echo "# 6. Delete through a follower; every node shows the same configuration."
follower=$h2
if [ "$(stat "$h2" state)" = '"state":"Leader"' ]; then follower=$h1; fi
run '"deleted":true' <<< "curl -X DELETE 'http://localhost:$follower/store/problemnode'"
for port in "$h1" "$h2" "$h3" "$h4"; do
  run '"error":"Key not found."' <<< "curl -X GET 'http://localhost:$port/store/problemnode'"
done
for port in "$h1" "$h2" "$h3" "$h4"; do
  run '"latest_configuration":"[{Suffrage:Voter ID:node1 ' <<< "curl 'http://localhost:$port/raft/stats'"
  run "$(stat "$h1" latest_configuration)" <<< "curl 'http://localhost:$port/raft/stats'" > /dev/null
done

echo "# All six tests hold."
