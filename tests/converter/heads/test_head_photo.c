/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs that normalise their photos or swap the colors themselves, and the
 * preprocessing that they leave to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "converter/data/preprocess.h"
#include "converter/heads/head_find.h"
#include "converter/heads/head_usual.h"
#include "passes/passes.h"
#include "tests/support/head_joined.h"

#define TEXT (2 * HEAD_GRAPH_BYTES)

struct read {
	struct arena arena;
	struct diag d;
	struct config c;
	struct graph *g;
	struct head head;
	struct preprocess p;
};

static void read_graph(struct read *r, const char *text)
{
	arena_init(&r->arena, 0);
	diag_init(&r->d);
	config_init(&r->c);
	r->g = graph_parse(&r->arena, text, &r->d);
	if (!r->g || pass_infer_shapes(r->g, &r->c, &r->d) ||
	    pass_fold_constants(r->g, &r->c, &r->d) ||
	    head_find(r->g, &r->c, &r->arena, &r->head, &r->d) ||
	    preprocess_init(&r->p, r->g, &r->c, head_preprocess(&r->head),
			    &r->d))
		fail_msg("%s", r->d.entries[0].text);
}

/* `left` NULL: the graph does nothing, or it is not clear what. */
static void expect(const char *text, const char *left)
{
	struct read r;
	char options[PREPROCESS_TEXT];

	read_graph(&r, text);
	if (left) {
		assert_int_equal(r.p.source, PREPROCESS_GRAPH);
		assert_string_equal(preprocess_options(&r.p.usual, options),
				    left);
	} else {
		assert_null(r.head.left);
		assert_int_not_equal(r.p.source, PREPROCESS_GRAPH);
	}
	arena_free(&r.arena);
	diag_free(&r.d);
}

/* ---- A network without a head, behind a front from %x to %p ---- */

static void expect_front(const char *input, const char *front, const char *left)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "input %%x f32 %s\n%s"
		 "const %%w f32 4x3x1x1 = random 1\n"
		 "%%y = Conv(%%p, %%w)\noutput %%y\n",
		 input, front);
	expect(text, left);
}

struct front {
	const char *text, *left;
};

static void expect_all(const char *input, const struct front *fronts, int count)
{
	for (int i = 0; i < count; i++) {
		print_message("%s", fronts[i].text);
		expect_front(input, fronts[i].text, fronts[i].left);
	}
}

#define COUNT(list) (int)(sizeof(list) / sizeof(*(list)))
#define UNIT_RGB "--color rgb --mean 0 --scale 1/255 --resize stretch"
#define UNIT_BGR "--color bgr --mean 0 --scale 1/255 --resize stretch"
#define BYTES_RGB "--color rgb --mean 0 --scale 1 --resize stretch"
#define BYTES_BGR "--color bgr --mean 0 --scale 1 --resize stretch"

static void test_ranges(void **state)
{
	static const struct front fronts[] = {
		{ "const %m f32 3x1x1 = [0.485, 0.456, 0.406]\n"
		  "const %s f32 3x1x1 = [0.229, 0.224, 0.225]\n"
		  "%a = Sub(%x, %m)\n%p = Div(%a, %s)\n",
		  UNIT_RGB },
		{ "const %m f32 1x3x1x1 = [103.53, 116.28, 123.675]\n"
		  "const %s f32 1x3x1x1 = [57.375, 57.12, 58.395]\n"
		  "%a = Sub(%x, %m)\n%p = Div(%a, %s)\n",
		  BYTES_BGR },
		{ "const %s f32 scalar = [255]\n%p = Div(%x, %s)\n",
		  BYTES_RGB },
		{ "const %s f32 1 = [255]\n%p = Mul(%x, %s)\n", UNIT_RGB },
		{ "const %s f32 1 = [2]\nconst %m f32 1 = [1]\n"
		  "%a = Mul(%x, %s)\n%p = Sub(%a, %m)\n",
		  UNIT_RGB },
		{ "const %m f32 1 = [1]\nconst %s f32 1 = [127.5]\n"
		  "%a = Add(%m, %x)\n%p = Mul(%s, %a)\n",
		  "--color rgb --mean 127.5 --scale 1/127.5 "
		  "--resize stretch" },
		/* photo / 127.5 - 1 */
		{ "const %m f32 1 = [1]\nconst %s f32 1 = [127.5]\n"
		  "%a = Div(%x, %s)\n%p = Sub(%a, %m)\n",
		  BYTES_RGB },
		{ "const %g f32 3 = [1, 1, 1]\nconst %b f32 3 = [0, 0, 0]\n"
		  "const %m f32 3 = [123.7, 116.3, 103.5]\n"
		  "const %v f32 3 = [3410, 3260, 3290]\n"
		  "%p = BatchNormalization(%x, %g, %b, %m, %v)\n",
		  BYTES_RGB },
	};

	(void)state;
	expect_all("1x3x8x8", fronts, COUNT(fronts));
}

/* What is not the photo's own, or says nothing of its range. */
static void test_nothing(void **state)
{
	static const struct front fronts[] = {
		{ "%p = Identity(%x)\n", NULL },
		{ "const %s f32 1 = [1]\n%p = Mul(%x, %s)\n", NULL },
		{ "const %s f32 1 = [4]\n%p = Mul(%x, %s)\n", NULL },
		{ "const %s f32 1 = [0]\n%p = Mul(%x, %s)\n", NULL },
		{ "%a = Sigmoid(%x)\n%p = Mul(%x, %a)\n", NULL },
		{ "const %s f32 1x1x8x8 = random 2\n%p = Mul(%x, %s)\n", NULL },
		/* the photo is not all */
		{ "const %k f32 1x1x8x8 = random 2\n"
		  "const %z i64 2 = [1, 2]\n"
		  "%c0, %c1 = Split(%x, %z) {axis=1}\n"
		  "%d = Concat(%k, %c0) {axis=1}\n"
		  "const %o i64 1 = [0]\nconst %i i64 1 = [1]\n"
		  "%e = Slice(%d, %o, %i, %i)\n"
		  "%q = Concat(%e, %c1) {axis=1}\n"
		  "const %s f32 1 = [255]\n%p = Mul(%q, %s)\n",
		  NULL },
		/* the network reads the raw photo as well */
		{ "const %s f32 1 = [255]\n%a = Div(%x, %s)\n"
		  "%b = Relu(%x)\n%p = Add(%a, %b)\n",
		  NULL },
		{ "const %s f32 1 = [255]\n%a = Relu(%x)\n%p = Div(%a, %s)\n",
		  NULL },
	};

	(void)state;
	expect_all("1x3x8x8", fronts, COUNT(fronts));
}

static void test_places(void **state)
{
	static const struct front fronts[] = {
		{ "const %i i64 3 = [2, 1, 0]\n%p = Gather(%x, %i) {axis=1}\n",
		  UNIT_BGR },
		{ "const %b i64 1 = [-1]\nconst %e i64 1 = [-4]\n"
		  "const %a i64 1 = [1]\nconst %t i64 1 = [-1]\n"
		  "%p = Slice(%x, %b, %e, %a, %t)\n",
		  UNIT_BGR },
		{ "const %z i64 3 = [1, 1, 1]\n"
		  "%c0, %c1, %c2 = Split(%x, %z) {axis=1}\n"
		  "%p = Concat(%c2, %c1, %c0) {axis=1}\n",
		  UNIT_BGR },
		/* swapped to BGR, then less the mean of BGR */
		{ "const %i i64 3 = [2, 1, 0]\n%r = Gather(%x, %i) {axis=1}\n"
		  "const %m f32 1x3x1x1 = [104, 117, 123]\n%p = Sub(%r, %m)\n",
		  BYTES_RGB },
		/* a batch of one, as torchvision has it */
		{ "const %z i64 scalar = [0]\n%i = Gather(%x, %z) {axis=0}\n"
		  "const %m f32 3x1x1 = [0.48, 0.45, 0.4]\n%a = Sub(%i, %m)\n"
		  "const %k i64 1 = [0]\n%p = Unsqueeze(%a, %k)\n",
		  UNIT_RGB },
		{ "const %s f32 1 = [255]\n%a = Div(%x, %s)\n"
		  "const %k f32 4 = [1, 1, 2, 2]\n%p = Resize(%a, _, %k)\n",
		  BYTES_RGB },
		/* two channels are the same */
		{ "const %i i64 3 = [0, 1, 1]\n%p = Gather(%x, %i) {axis=1}\n",
		  NULL },
	};

	(void)state;
	expect_all("1x3x8x8", fronts, COUNT(fronts));
}

static void test_channels_last(void **state)
{
	static const struct front fronts[] = {
		{ "const %m f32 3 = [123.675, 116.28, 103.53]\n"
		  "%a = Sub(%x, %m)\n"
		  "%p = Transpose(%a) {perm=[0, 3, 1, 2]}\n",
		  BYTES_RGB },
		{ "%a = Transpose(%x) {perm=[0, 3, 1, 2]}\n"
		  "const %m f32 3x1x1 = [0.4, 0.45, 0.5]\n"
		  "%p = Sub(%a, %m)\n",
		  UNIT_BGR },
	};

	(void)state;
	expect_all("1x8x8x3", fronts, COUNT(fronts));
}

/* ---- The families of torchvision ---- */

/* The head of a graph, whose maps read %photo instead of %x. */
static void put_front(const char *head, const char *front, char out[TEXT])
{
	const char *from = strchr(head, '\n') + 1;
	size_t n = (size_t)snprintf(out, TEXT, "%.*s%s", (int)(from - head),
				    head, front);

	for (const char *at; (at = strstr(from, "(%x,")); from = at + 3)
		n += (size_t)snprintf(out + n, TEXT - n, "%.*s(%%photo",
				      (int)(at - from), from);
	n += (size_t)snprintf(out + n, TEXT - n, "%s", from);
	assert_true(n < TEXT);
}

static const int strides_vgg[] = { 8, 16, 32, 64, 100, 300 };
static const int vgg_anchors[] = { 4, 6, 6, 6, 4, 4 };
static const struct head_joined ssd300 = {
	6, 4, 0, "Softmax", strides_vgg, vgg_anchors
};

static void test_ssd300(void **state)
{
	static struct head_graph g;
	static char text[TEXT];
	struct read r;

	(void)state;
	head_graph_begin(&g, 300, 300);
	head_joined_write(&g, &ssd300);
	read_graph(&r, g.text);
	assert_string_equal(r.head.kind, "SSD300 (torchvision)");
	assert_int_equal(r.p.source, PREPROCESS_FAMILY);
	arena_free(&r.arena);
	diag_free(&r.d);
	put_front(g.text,
		  "const %mean f32 3x1x1 = [0.48235, 0.45882, 0.40784]\n"
		  "const %std f32 scalar = [0.00392156862745098]\n"
		  "%front = Sub(%x, %mean)\n%photo = Div(%front, %std)\n",
		  text);
	expect(text, UNIT_RGB);
	/* the order and the resize of the family, where the graph has none */
	put_front(g.text,
		  "const %order i64 3 = [2, 1, 0]\n%photo = Gather(%x, %order) "
		  "{axis=1}\n",
		  text);
	expect(text, "--color bgr --mean 103.9992,116.9991,122.99925 --scale 1 "
		     "--resize stretch");
}

static void test_warning(void **state)
{
	struct read r;

	(void)state;
	read_graph(&r, "input %x f32 1x3x8x8\nconst %s f32 1 = [255]\n"
		       "%p = Div(%x, %s)\nconst %w f32 4x3x1x1 = random 1\n"
		       "%y = Conv(%p, %w)\noutput %y\n");
	preprocess_warn(&r.p, NULL, head_preprocess(&r.head), &r.d);
	assert_int_equal(r.d.count, 1);
	assert_string_equal(r.d.entries[0].text,
			    "no preprocessing is given: the model normalises "
			    "its photos itself, what it leaves is taken: "
			    "--color rgb --mean 0 --scale 1 --resize stretch");
	arena_free(&r.arena);
	diag_free(&r.d);
}

/* Weights of RetinaFace are in circulation in both orders. */
static void test_either_order(void **state)
{
	struct preprocess p = { .is_image = true, .source = PREPROCESS_FAMILY };
	struct diag d = { 0 };

	(void)state;
	preprocess_warn(&p, "RetinaFace", &head_usual_retinaface, &d);
	preprocess_warn(&p, "YuNet", &head_usual_yunet, &d);
	assert_int_equal(d.count, 2);
	assert_non_null(strstr(d.entries[0].text, "--color bgr --mean 104,"));
	assert_non_null(strstr(d.entries[0].hint, "--color rgb --mean 104,"));
	assert_null(d.entries[1].hint);
	diag_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_channels_last),
		cmocka_unit_test(test_ssd300),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_either_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
