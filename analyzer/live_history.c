// The treap: sorted by (epoch, kind) from left to right, and a heap by a priority that is a hash of the
// node's number, so that its depth is logarithmic whatever the order of insertion.
#include "analyzer/live_history.h"

static uint32_t priority(uint32_t node) {
    uint32_t mixed = node * 0x9e3779b1u;
    mixed = (mixed ^ mixed >> 15) * 0x85ebca6bu;
    return mixed ^ mixed >> 13;
}

static bool sorts_before(const struct live_node *a, const struct live_node *b) {
    return a->epoch != b->epoch ? a->epoch < b->epoch : a->kind < b->kind;
}

// Puts child where node hangs: below node's parent, or at the root.
static void replace(struct live_pool *nodes, uint32_t *root, uint32_t node, uint32_t child) {
    uint32_t parent = live_node_at(nodes, node)->parent;
    if (!parent)
        *root = child;
    else if (live_node_at(nodes, parent)->left == node)
        live_node_at(nodes, parent)->left = child;
    else
        live_node_at(nodes, parent)->right = child;
    if (child)
        live_node_at(nodes, child)->parent = parent;
}

// Lifts child above its parent, order unchanged.
static void rotate(struct live_pool *nodes, uint32_t *root, uint32_t child) {
    struct live_node *up = live_node_at(nodes, child);
    uint32_t parent = up->parent, moved;
    struct live_node *down = live_node_at(nodes, parent);
    replace(nodes, root, parent, child);
    if (down->left == child) {
        moved = down->left = up->right;
        up->right = parent;
    } else {
        moved = down->right = up->left;
        up->left = parent;
    }
    down->parent = child;
    if (moved)
        live_node_at(nodes, moved)->parent = parent;
}

static void link_between(struct live_pool *nodes, uint32_t prev, uint32_t number, uint32_t next) {
    struct live_node *node = live_node_at(nodes, number);
    node->prev = prev;
    node->next = next;
    if (prev)
        live_node_at(nodes, prev)->next = number;
    if (next)
        live_node_at(nodes, next)->prev = number;
}

void live_history_insert(struct live_pool *nodes, uint32_t *root, uint32_t number) {
    struct live_node *node = live_node_at(nodes, number);
    node->left = node->right = node->parent = 0;
    if (!*root) {
        *root = number;
        link_between(nodes, 0, number, 0);
        return;
    }
    uint32_t at = *root, below;
    bool left;
    for (;; at = below) {
        left = sorts_before(node, live_node_at(nodes, at));
        below = left ? live_node_at(nodes, at)->left : live_node_at(nodes, at)->right;
        if (!below)
            break;
    }
    node->parent = at;
    if (left) {
        live_node_at(nodes, at)->left = number;
        link_between(nodes, live_node_at(nodes, at)->prev, number, at);
    } else {
        live_node_at(nodes, at)->right = number;
        link_between(nodes, at, number, live_node_at(nodes, at)->next);
    }
    while (node->parent && priority(node->parent) < priority(number))
        rotate(nodes, root, number);
}

void live_history_remove(struct live_pool *nodes, uint32_t *root, uint32_t number) {
    struct live_node *node = live_node_at(nodes, number);
    while (node->left && node->right)
        rotate(nodes, root, priority(node->left) < priority(node->right) ? node->right : node->left);
    replace(nodes, root, number, node->left ? node->left : node->right);
    if (node->prev)
        live_node_at(nodes, node->prev)->next = node->next;
    if (node->next)
        live_node_at(nodes, node->next)->prev = node->prev;
}

uint32_t live_history_last(const struct live_pool *nodes, uint32_t root) {
    uint32_t last = root;
    for (uint32_t at = root; at; at = live_node_at(nodes, at)->right)
        last = at;
    return last;
}

void live_queue_push(struct live_pool *nodes, struct live_queue *queue, uint32_t number) {
    struct live_node *node = live_node_at(nodes, number);
    node->older = queue->newest;
    node->newer = 0;
    if (queue->newest)
        live_node_at(nodes, queue->newest)->newer = number;
    else
        queue->oldest = number;
    queue->newest = number;
    queue->length++;
}

bool live_queue_holds(const struct live_pool *nodes, const struct live_queue *queue, uint32_t number) {
    return queue->oldest == number || live_node_at(nodes, number)->older != 0;
}

void live_queue_leave(struct live_pool *nodes, struct live_queue *queue, uint32_t number) {
    struct live_node *node = live_node_at(nodes, number);
    if (node->older)
        live_node_at(nodes, node->older)->newer = node->newer;
    else
        queue->oldest = node->newer;
    if (node->newer)
        live_node_at(nodes, node->newer)->older = node->older;
    else
        queue->newest = node->older;
    node->older = node->newer = 0;
    queue->length--;
}
