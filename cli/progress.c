/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define WIDTH 30
#define REDRAW_SECONDS 0.1
#define LOG_SECONDS 5 /* a stage that took less has no line in a log */

static double seconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now(void)
{
	return seconds_of(CLOCK_MONOTONIC);
}

void progress_begin(struct progress_bar *p, bool quiet)
{
	const char *term = getenv("TERM");
	bool terminal = isatty(STDERR_FILENO);

	*p = (struct progress_bar){ .terminal = !quiet && terminal && term &&
						strcmp(term, "dumb") != 0,
				    .log = !quiet && !terminal,
				    .noted = now(),
				    .noted_cpu = seconds_of(
					    CLOCK_PROCESS_CPUTIME_ID) };
}

static struct stage_time *find_stage(struct progress_bar *p, const char *name)
{
	struct stage_time *s = p->stages;

	for (int i = 0; i < p->stage_count; i++, s++)
		if (!strcmp(s->name, name))
			return s;
	if (p->stage_count == PROGRESS_STAGES)
		return s - 1;
	p->stage_count++;
	s->name = name;
	return s;
}

/* What passed since the last note belongs to the stage. */
static void note_time(struct progress_bar *p, const char *stage, double t)
{
	struct stage_time *s = find_stage(p, stage);
	double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	struct rusage used = { 0 };

	s->seconds += t - p->noted;
	s->cpu_seconds += cpu - p->noted_cpu;
	p->noted = t;
	p->noted_cpu = cpu;
	if (!getrusage(RUSAGE_SELF, &used))
		s->peak_mb = (double)used.ru_maxrss / 1024;
}

/* The line of a stage that is over, in a log. */
static void log_stage(const struct progress_bar *p)
{
	if (p->log && p->stage && p->noted - p->began >= LOG_SECONDS)
		fprintf(stderr, "dbconvert: %s: %d done in %.0f s\n", p->stage,
			p->done, p->noted - p->began);
}

static void draw(struct progress_bar *p, int done, int total, double t)
{
	int filled = WIDTH * done / total;
	char bar[WIDTH + 1];

	p->drawn = t;
	memset(bar, ' ', WIDTH);
	memset(bar, '#', (size_t)filled);
	bar[WIDTH] = 0;
	fprintf(stderr, "\r%-10s [%s] %d/%d", p->stage, bar, done, total);
	if (done > 0 && done < total && t - p->began > 1)
		fprintf(stderr, "  %.0f s left ",
			(t - p->began) * (total - done) / done);
	fputs("\033[K", stderr);
	fflush(stderr);
	p->shown = true;
}

void progress_update(void *ctx, const char *stage, int done, int total)
{
	struct progress_bar *p = ctx;
	double t = now();

	if (total <= 0)
		return;
	if (!p->stage || strcmp(p->stage, stage) != 0) {
		log_stage(p);
		p->stage = stage;
		p->began = p->noted;
		p->drawn = 0;
	}
	p->done = done;
	note_time(p, stage, t);
	if (p->terminal && (t - p->drawn >= REDRAW_SECONDS || done == total))
		draw(p, done, total, t);
}

void progress_end(struct progress_bar *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	log_stage(p);
	p->shown = false;
	p->stage = NULL;
}

void progress_print_stages(const struct progress_bar *p, FILE *out)
{
	fprintf(out, "stages           seconds   cores   peak MB\n");
	for (int i = 0; i < p->stage_count; i++) {
		const struct stage_time *s = &p->stages[i];

		fprintf(out, "  %-14s %7.1f %7.2f %9.0f\n", s->name, s->seconds,
			s->seconds > 0 ? s->cpu_seconds / s->seconds : 0,
			s->peak_mb);
	}
}
