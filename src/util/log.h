/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's own log, on stderr: one line a message. Under systemd each line carries its priority
 * as the journal's <N> prefix, else the time and the level. Thread-safe: a line is one write(2).
 * Library code reports through return values and struct diag; only commands and the agent log.
 */
#pragma once

#include <stdarg.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Shows this level and what is more severe. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* "error", "warning", "notice", "info", "debug" -> level; -EINVAL for any other word. */
int log_level_parse(const char *word);

void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes the message and ": " and strerror(-r); returns r, so a caller can return it. */
int log_write_errno(enum log_level level, int r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...)          log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...)        log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)         log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)           log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)          log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_error_errno(r, ...) log_write_errno(LOG_LEVEL_ERROR, r, __VA_ARGS__)
