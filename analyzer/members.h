// Who is in a session: by id, by connection, by descent.
#pragma once

#include "analyzer/session.h"

// The live process of that id, or which met over that connection; NULL: none.
struct process *member_by_pid(const struct session *session, pid_t pid);
struct process *member_over(const struct session *session, int connection);

// Whether the process or one of its ancestors, as far as the kernel still knows them, is in the session or is
// us. An orphan's parent is whoever took it in.
bool member_descends(const struct session *session, pid_t pid);
