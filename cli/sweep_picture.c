/* SPDX-License-Identifier: Apache-2.0 */
/* Size against quality, a panel for each model of a sweep, as SVG. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sweep_rows.h"

enum {
	WIDTH = 720,
	PANEL = 340, /* height of a model's */
	TITLE = 48,  /* of a model that there is nothing to show of */
	LEFT = 64,
	RIGHT = 24,
	TOP = 40,
	BOTTOM = 48,
	TICKS = 4,
	COLORS = 6,
};

/* Rows of one model, and what its panel spans. */
struct panel {
	const struct sweep_plan *plan;
	const struct sweep_row *rows;
	const char *model;
	bool decibels; /* no quality is known: SQNR */
	double x0, x1, y0, y1;
	int top;
	FILE *f;
};

static void print_escaped(FILE *f, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		default:
			fputc((unsigned char)*text < ' ' ? '?' : *text, f);
		}
}

static double height_of(const struct panel *p, const struct sweep_row *r)
{
	return p->decibels ? r->sqnr : sweep_row_quality(r);
}

static bool is_shown(const struct panel *p, const struct sweep_row *r)
{
	return r->state != SWEEP_FAILED && !strcmp(r->job->model, p->model) &&
	       r->bytes > 0 && !isnan(height_of(p, r));
}

/* The number of the target among those of the sweep, for its color. */
static int color_of(const struct panel *p, const struct sweep_row *r)
{
	int color = 0;

	for (const struct sweep_row *a = p->rows; a < r; a++) {
		const struct sweep_row *b = p->rows;

		if (!strcmp(a->target, r->target))
			return color_of(p, a);
		while (b < a && strcmp(a->target, b->target) != 0)
			b++;
		color += b == a;
	}
	return color % COLORS;
}

static double x_of(const struct panel *p, double bytes)
{
	return LEFT +
	       (log(bytes) - p->x0) / (p->x1 - p->x0) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct panel *p, double value)
{
	return p->top + PANEL - BOTTOM -
	       (value - p->y0) / (p->y1 - p->y0) * (PANEL - TOP - BOTTOM);
}

/* False: nothing to show. */
static bool span(struct panel *p)
{
	p->decibels = true;
	for (int i = 0; i < p->plan->count; i++)
		if (!strcmp(p->rows[i].job->model, p->model) &&
		    !isnan(sweep_row_quality(&p->rows[i])))
			p->decibels = false;
	p->x0 = p->y0 = INFINITY;
	p->x1 = p->y1 = -INFINITY;
	for (int i = 0; i < p->plan->count; i++) {
		const struct sweep_row *r = &p->rows[i];

		if (!is_shown(p, r))
			continue;
		p->x0 = fmin(p->x0, log(r->bytes));
		p->x1 = fmax(p->x1, log(r->bytes));
		p->y0 = fmin(p->y0, height_of(p, r));
		p->y1 = fmax(p->y1, height_of(p, r));
	}
	if (p->x1 < p->x0)
		return false;
	p->x0 -= 0.1;
	p->x1 += 0.1;
	p->y1 += fmax((p->y1 - p->y0) * 0.1, 0.01);
	p->y0 -= fmax((p->y1 - p->y0) * 0.1, 0.01);
	return true;
}

static void draw_axes(const struct panel *p)
{
	int bottom = p->top + PANEL - BOTTOM;

	for (int i = 0; i <= TICKS; i++) {
		double y = p->y0 + (p->y1 - p->y0) * i / TICKS;
		double bytes = exp(p->x0 + (p->x1 - p->x0) * i / TICKS);

		fprintf(p->f,
			"<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" "
			"y2=\"%.1f\"/>\n<text class=\"end\" x=\"%d\" "
			"y=\"%.1f\">%.*f</text>\n",
			LEFT, WIDTH - RIGHT, y_of(p, y), y_of(p, y), LEFT - 8,
			y_of(p, y) + 4, p->decibels ? 1 : 3, y);
		fprintf(p->f,
			"<text class=\"middle\" x=\"%.1f\" y=\"%d\">%.0f "
			"KB</text>\n",
			x_of(p, bytes), bottom + 18, bytes / 1e3);
	}
	fprintf(p->f,
		"<text class=\"middle\" x=\"%d\" y=\"%d\">size of the file, "
		"logarithmic</text>\n",
		(LEFT + WIDTH - RIGHT) / 2, bottom + 36);
}

/* Whether an earlier one of the best is at the same place. */
static bool is_repeated(const struct panel *p, const struct sweep_row *r)
{
	for (const struct sweep_row *o = p->rows; o < r; o++)
		if (o->best && is_shown(p, o) && o->bytes == r->bytes &&
		    height_of(p, o) == height_of(p, r))
			return true;
	return false;
}

static void print_point(const struct panel *p, const struct sweep_row *r)
{
	const struct sweep_job *job = r->job;
	double x = x_of(p, r->bytes), y = y_of(p, height_of(p, r));

	fprintf(p->f, "<g class=\"c%d%s\"><title>", color_of(p, r),
		r->best ? " best" : "");
	print_escaped(p->f, job->name);
	fprintf(p->f,
		": %.0f bytes, %.2f ms, %.4g</title><circle cx=\"%.1f\" "
		"cy=\"%.1f\" r=\"4.5\"/>",
		r->bytes, r->ms, height_of(p, r), x, y);
	if (r->best && !is_repeated(p, r)) {
		bool left = x > WIDTH * 0.7;

		fprintf(p->f, "<text%s x=\"%.1f\" y=\"%.1f\">",
			left ? " class=\"end\"" : "", left ? x - 7 : x + 7,
			y - 7);
		for (int i = 0, n = 0; i < p->plan->axis_count; i++) {
			/* the color tells the target */
			if (!job->values[i] ||
			    !strcmp(p->plan->axes[i].name, "target"))
				continue;
			fputs(n++ ? " " : "", p->f);
			print_escaped(p->f, job->values[i]);
		}
		fputs("</text>", p->f);
	}
	fputs("</g>\n", p->f);
}

/* The next larger of the best models of the same target, or NULL. */
static const struct sweep_row *next_best(const struct panel *p,
					 const struct sweep_row *r)
{
	const struct sweep_row *next = NULL;

	for (int i = 0; i < p->plan->count; i++) {
		const struct sweep_row *o = &p->rows[i];

		if (o->best && is_shown(p, o) &&
		    !strcmp(o->target, r->target) && o->bytes > r->bytes &&
		    (!next || o->bytes < next->bytes))
			next = o;
	}
	return next;
}

static void draw_points(const struct panel *p)
{
	for (int i = 0; i < p->plan->count; i++) {
		const struct sweep_row *r = &p->rows[i], *next;

		if (!r->best || !is_shown(p, r) || !(next = next_best(p, r)))
			continue;
		fprintf(p->f,
			"<line class=\"c%d\" x1=\"%.1f\" y1=\"%.1f\" "
			"x2=\"%.1f\" y2=\"%.1f\"/>\n",
			color_of(p, r), x_of(p, r->bytes),
			y_of(p, height_of(p, r)), x_of(p, next->bytes),
			y_of(p, height_of(p, next)));
	}
	for (int i = 0; i < p->plan->count; i++)
		if (is_shown(p, &p->rows[i]))
			print_point(p, &p->rows[i]);
}

/* Names of the targets in their colors, at the right of the title. */
static void draw_legend(const struct panel *p)
{
	int x = WIDTH - RIGHT;

	for (int i = p->plan->count - 1; i >= 0; i--) {
		const struct sweep_row *r = &p->rows[i], *o = p->rows;

		while (o < r && strcmp(o->target, r->target) != 0)
			o++;
		if (o < r || !*r->target)
			continue;
		fprintf(p->f, "<text class=\"end c%d\" x=\"%d\" y=\"%d\">",
			color_of(p, r), x, p->top + 24);
		print_escaped(p->f, r->target);
		fputs("</text>\n", p->f);
		x -= 8 * (int)strlen(r->target) + 16;
	}
}

/* Returns its height. */
static int draw_panel(struct panel *p)
{
	bool shown = span(p);

	fprintf(p->f, "<text class=\"title\" x=\"%d\" y=\"%d\">", LEFT,
		p->top + 24);
	print_escaped(p->f, p->model);
	fprintf(p->f, ": %s</text>\n",
		!shown      ? "nothing was measured" :
		p->decibels ? "SQNR, dB" :
			      "share of float's accuracy that is kept");
	if (!shown)
		return TITLE;
	draw_legend(p);
	draw_axes(p);
	draw_points(p);
	return PANEL;
}

static bool is_first_of_model(const struct sweep_row *rows, int i)
{
	for (int k = 0; k < i; k++)
		if (!strcmp(rows[k].job->model, rows[i].job->model))
			return false;
	return true;
}

static const char style[] =
	"<style>\n"
	"svg{background:#fff;color:#222;font:12px sans-serif}\n"
	"text{fill:currentColor}\n"
	".title{font-size:15px;font-weight:bold}\n"
	".end{text-anchor:end}.middle{text-anchor:middle}\n"
	".grid{stroke:currentColor;opacity:.15}\n"
	"circle{fill:none;stroke:currentColor;stroke-width:1.5}\n"
	".best circle{fill:currentColor}\n"
	"line{stroke:currentColor;stroke-width:1.5}\n"
	".c0{color:#1667b7}.c1{color:#b3541e}.c2{color:#23803c}\n"
	".c3{color:#8a3fa0}.c4{color:#7a6a00}.c5{color:#b0305c}\n"
	"@media(prefers-color-scheme:dark){\n"
	"svg{background:#16181c;color:#e6e6e6}\n"
	".c0{color:#6db3f2}.c1{color:#f0a070}.c2{color:#70cf8a}\n"
	".c3{color:#cf95e0}.c4{color:#d8c84a}.c5{color:#f08fb0}}\n"
	"</style>\n";

char *sweep_picture(const struct sweep_plan *plan, const struct sweep_row *rows,
		    struct diag *d)
{
	struct panel p = { .plan = plan, .rows = rows };
	char *data = NULL;
	size_t size;
	int height = 0, bad;

	p.f = open_memstream(&data, &size);
	if (!p.f) {
		diag_error(d, "out of memory");
		return NULL;
	}
	for (int i = 0; i < plan->count; i++) {
		p.model = rows[i].job->model;
		if (is_first_of_model(rows, i))
			height += span(&p) ? PANEL : TITLE;
	}
	fprintf(p.f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d "
		"%d\">\n%s",
		WIDTH, height, style);
	for (int i = 0; i < plan->count; i++) {
		p.model = rows[i].job->model;
		if (is_first_of_model(rows, i))
			p.top += draw_panel(&p);
	}
	fputs("</svg>\n", p.f);
	bad = ferror(p.f);
	if (fclose(p.f) == 0 && !bad)
		return data;
	free(data);
	diag_error(d, "out of memory");
	return NULL;
}
