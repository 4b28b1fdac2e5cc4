/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WIDTH 30
#define REDRAW_SECONDS 0.1

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_begin(struct progress_bar *p, bool quiet)
{
	const char *term = getenv("TERM");

	*p = (struct progress_bar){ 0 };
	p->enabled = !quiet && isatty(STDERR_FILENO) && term &&
		     strcmp(term, "dumb") != 0;
}

void progress_update(void *ctx, const char *stage, int done, int total)
{
	struct progress_bar *p = ctx;
	double t = now();
	int filled = total > 0 ? WIDTH * done / total : 0;
	char bar[WIDTH + 1];

	if (!p->enabled || total <= 0)
		return;
	if (!p->stage || strcmp(p->stage, stage)) {
		p->stage = stage;
		p->began = t;
	} else if (t - p->drawn < REDRAW_SECONDS && done < total) {
		return;
	}
	p->drawn = t;
	memset(bar, ' ', WIDTH);
	memset(bar, '#', (size_t)filled);
	bar[WIDTH] = 0;
	fprintf(stderr, "\r%-10s [%s] %d/%d", stage, bar, done, total);
	if (done > 0 && done < total && t - p->began > 1)
		fprintf(stderr, "  %.0f s left ",
			(t - p->began) * (total - done) / done);
	fputs("\033[K", stderr);
	fflush(stderr);
	p->shown = true;
}

void progress_end(struct progress_bar *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
