# Four threads that build, write and parse JSON; garbage in cycles; a digest at the end that says whether all came out right.
import gc
import hashlib
import json
import sys
import threading

results = [None] * 4


class Node:
    def __init__(self, name):
        self.name = name
        self.me = self


def work(index):
    table = {str(key): [key * index + n for n in range(key % 40)] for key in range(2500)}
    for _ in range(3):
        table = json.loads(json.dumps(table))
    nodes = [Node(f"node {n}") for n in range(5000)]
    text = json.dumps([[node.name, table[str(n % 2500)]] for n, node in enumerate(nodes)])
    results[index] = hashlib.sha256(text.encode()).hexdigest()


threads = [threading.Thread(target=work, args=(index,)) for index in range(len(results))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
gc.collect()
print("\n".join(results))
print(sys.argv[1:], file=sys.stderr)
sys.exit(3)
