/* SPDX-License-Identifier: Apache-2.0 */
/* Heads told from graphs as exporters write them, and from YAML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "converter/heads/head_families.h"
#include "converter/heads/head_find.h"
#include "passes/passes.h"
#include "tests/support/temp_folder.h"

struct found {
	struct arena arena;
	struct diag d;
	struct config c;
	struct graph *g;
	struct head head;
	int err;
};

static void find_with(struct found *f, const char *text, const char *yaml,
		      const char *classes)
{
	struct temp_folder folder;
	char path[TEMP_PATH_MAX];

	temp_folder_make(&folder);
	arena_init(&f->arena, 0);
	diag_init(&f->d);
	config_init(&f->c);
	f->c.classes = classes;
	if (yaml) {
		temp_write(&folder, "head.yaml", yaml, strlen(yaml));
		f->c.head = temp_path(&folder, "head.yaml", path);
	}
	f->g = graph_parse(&f->arena, text, &f->d);
	if (!f->g || pass_infer_shapes(f->g, &f->c, &f->d) ||
	    pass_fold_constants(f->g, &f->c, &f->d))
		fail_msg("%s", f->d.entries[0].text);
	f->err = head_find(f->g, &f->c, &f->arena, &f->head, &f->d);
	temp_folder_remove(&folder);
}

static void find(struct found *f, const char *text)
{
	find_with(f, text, NULL, NULL);
	assert_int_equal(f->err, 0);
}

static void done(struct found *f)
{
	arena_free(&f->arena);
	diag_free(&f->d);
}

static void expect_part(const struct dbp_head_part *p, uint32_t output,
			uint32_t first, uint32_t cell, uint32_t anchor,
			uint32_t field)
{
	assert_int_equal(p->output, output);
	assert_int_equal(p->first, first);
	assert_int_equal(p->cell, cell);
	assert_int_equal(p->anchor, anchor);
	assert_int_equal(p->field, field);
}

static void expect_kind(const struct found *f, const char *kind, int form,
			uint32_t classes, uint32_t levels)
{
	if (!f->head.data)
		fail_msg("not recognised: %s",
			 f->head.why ? f->head.why : "no reason");
	assert_string_equal(f->head.kind, kind);
	assert_int_equal(f->head.data->kind, DBP_HEAD_DETECTOR);
	assert_int_equal(f->head.data->box_form, form);
	assert_int_equal(f->head.data->class_count, classes);
	assert_int_equal(f->head.data->level_count, levels);
}

/* Maps of 4x4 (stride 8) and 2x2 (stride 16) of an input of 32x32. */
#define INPUT "input %x f32 1x3x32x32\n"
#define MAP(name, channels, stride, seed)                                   \
	"const %w" name " f32 " channels "x3x3x3 = random " seed "\n%" name \
	" = Conv(%x, %w" name ") {pads=[1, 1, 1, 1], strides=[" stride      \
	", " stride "]}\n"

/* YOLOX: box, sigmoid of object and classes, levels one behind the other. */
static void test_yolox(void **state)
{
	struct found f;
	const struct dbp_head_level *l;

	(void)state;
	find(&f,
	     INPUT MAP("b8", "4", "8", "1") MAP("o8", "1", "8", "2") MAP(
		     "c8", "3", "8", "3") MAP("b16", "4", "16",
					      "4") MAP("o16", "1", "16", "5")
		     MAP("c16", "3", "16",
			 "6") "const %d8 i64 3 = [1, 8, 16]\nconst %d16 i64 3 "
			      "= [1, 8, -1]\n"
			      "%so8 = Sigmoid(%o8)\n%sc8 = Sigmoid(%c8)\n"
			      "%so16 = Sigmoid(%o16)\n%sc16 = Sigmoid(%c16)\n"
			      "%j8 = Concat(%b8, %so8, %sc8) {axis=1}\n"
			      "%j16 = Concat(%b16, %so16, %sc16) {axis=1}\n"
			      "%r8 = Reshape(%j8, %d8)\n%r16 = Reshape(%j16, "
			      "%d16)\n"
			      "%all = Concat(%r8, %r16) {axis=2}\n"
			      "%out = Transpose(%all) {perm=[0, 2, 1]}\noutput "
			      "%out\n");
	expect_kind(&f, "YOLOX", DBP_BOX_PRIOR, 3, 2);
	l = head_levels(f.head.data);
	expect_part(&l[0].box, 0, 0, 8, 0, 1);
	expect_part(&l[0].object, 0, 4, 8, 0, 0);
	expect_part(&l[0].score, 0, 5, 8, 0, 1);
	expect_part(&l[1].box, 0, 128, 8, 0, 1);
	assert_true(l[0].stride_x == 8 && l[1].stride_y == 16);
	assert_true(l[0].columns == 4 && l[1].rows == 2);
	assert_int_equal(f.head.data->class_act, DBP_ACT_NONE);
	done(&f);
}

/* YuNet: an output each, landmarks beside them. */
static void test_yunet(void **state)
{
	struct found f;

	(void)state;
	find(&f,
	     INPUT MAP("cls", "1", "8", "1") MAP("obj", "1", "8",
						 "2") MAP("bbox", "4", "8", "3")
		     MAP("kps", "10", "8",
			 "4") "const %d i64 3 = [1, 16, -1]\n"
			      "%s1 = Sigmoid(%cls)\n%s2 = Sigmoid(%obj)\n"
			      "%t1 = Transpose(%s1) {perm=[0, 2, 3, 1]}\n"
			      "%t2 = Transpose(%s2) {perm=[0, 2, 3, 1]}\n"
			      "%t3 = Transpose(%bbox) {perm=[0, 2, 3, 1]}\n"
			      "%t4 = Transpose(%kps) {perm=[0, 2, 3, 1]}\n"
			      "%o1 = Reshape(%t1, %d)\n%o2 = Reshape(%t2, %d)\n"
			      "%o3 = Reshape(%t3, %d)\n%o4 = Reshape(%t4, %d)\n"
			      "output %o1\noutput %o2\noutput %o3\noutput "
			      "%o4\n");
	expect_kind(&f, "YuNet", DBP_BOX_PRIOR, 1, 1);
	expect_part(&head_levels(f.head.data)->box, 2, 0, 4, 0, 1);
	assert_int_equal(head_levels(f.head.data)->object.output, 1);
	assert_true(f.head.data->class_power == .5f);
	assert_true(f.head.data->nms_iou == .4f);
	assert_string_equal(head_class_name(&f.head, 0), "face");
	done(&f);
}

static void test_fastestdet(void **state)
{
	struct found f;

	(void)state;
	find(&f, INPUT MAP("obj", "1", "16", "1") MAP("reg", "4", "16", "2")
			 MAP("cls", "7", "16",
			     "3") "%so = Sigmoid(%obj)\n"
				  "%t = Transpose(%cls) {perm=[0, 2, 3, 1]}\n"
				  "%s = Softmax(%t) {axis=-1}\n"
				  "%u = Transpose(%s) {perm=[0, 3, 1, 2]}\n"
				  "%out = Concat(%so, %reg, %u) "
				  "{axis=1}\noutput %out\n");
	expect_kind(&f, "FastestDet", DBP_BOX_TANH, 7, 1);
	expect_part(&head_levels(f.head.data)->box, 0, 4, 1, 0, 4);
	expect_part(&head_levels(f.head.data)->score, 0, 20, 1, 0, 4);
	done(&f);
}

/* One convolution makes both, which are split; names mean nothing. */
static void test_nanodet(void **state)
{
	struct found f;

	(void)state;
	find(&f,
	     INPUT MAP("a", "38", "8", "1")
		     MAP("b", "38", "16",
			 "2") "const %parts i64 2 = [6, 32]\n"
			      "const %d i64 2 = [6, -1]\nconst %e i64 2 = [32, "
			      "-1]\n"
			      "%a1, %a2 = Split(%a, %parts) {axis=1}\n"
			      "%b1, %b2 = Split(%b, %parts) {axis=1}\n"
			      "%s1 = Sigmoid(%a1)\n%s2 = Sigmoid(%b1)\n"
			      "%r1 = Reshape(%s1, %d)\n%r2 = Reshape(%a2, %e)\n"
			      "%r3 = Reshape(%s2, %d)\n%r4 = Reshape(%b2, %e)\n"
			      "%bbox_pred = Transpose(%r1) {perm=[1, 0]}\n"
			      "%cls = Transpose(%r2) {perm=[1, 0]}\n"
			      "%p = Transpose(%r3) {perm=[1, 0]}\n"
			      "%q = Transpose(%r4) {perm=[1, 0]}\n"
			      "output %q\noutput %bbox_pred\noutput "
			      "%cls\noutput %p\n");
	expect_kind(&f, "NanoDet", DBP_BOX_DISTANCE, 6, 2);
	assert_int_equal(f.head.data->bins, 8);
	expect_part(&head_levels(f.head.data)[0].box, 2, 0, 32, 0, 1);
	expect_part(&head_levels(f.head.data)[1].score, 3, 0, 6, 0, 1);
	assert_true(head_levels(f.head.data)[0].offset == .5f - .5f / 8);
	done(&f);
}

/* YOLOv8 without its decoding: 64 box numbers and logits, as planes. */
static void test_yolov8(void **state)
{
	struct found f;

	(void)state;
	find(&f, INPUT MAP("b", "64", "8", "1") MAP(
			 "c", "80", "8",
			 "2") "%out = Concat(%b, %c) {axis=1}\noutput %out\n");
	expect_kind(&f, "YOLOv8", DBP_BOX_DISTANCE, 80, 1);
	assert_int_equal(f.head.data->bins, 16);
	assert_int_equal(f.head.data->class_act, DBP_ACT_SIGMOID);
	expect_part(&head_levels(f.head.data)->score, 0, 64 * 16, 1, 0, 16);
	assert_string_equal(head_class_name(&f.head, 16), "dog");
	assert_string_equal(head_class_name(&f.head, 80), "");
	done(&f);
}

static void test_fcos(void **state)
{
	struct found f;

	(void)state;
	find(&f,
	     INPUT MAP("cls", "2", "8", "1") MAP(
		     "reg", "4", "8",
		     "2") "const %k f32 scalar = [1.5]\n%m = Mul(%reg, %k)\n"
			  "%e = Relu(%m)\n%s = Sigmoid(%cls)\noutput "
			  "%e\noutput %s\n");
	expect_kind(&f, "FCOS", DBP_BOX_DISTANCE, 2, 1);
	assert_int_equal(f.head.data->bins, 0);
	assert_true(head_levels(f.head.data)->offset == .5f);
	done(&f);
}

/* [1, 3, rows, columns, 5 + classes] at strides 8, 16, 32. */
static void test_yolov5(void **state)
{
	struct found f;
#define SCALE(n, stride, side)                                      \
	MAP("m" n, "21", stride, n)                                 \
	"const %d" n " i64 5 = [1, 3, 7, " side ", " side "]\n%r" n \
	" = Reshape(%m" n ", %d" n ")\n%t" n " = Transpose(%r" n    \
	") {perm=[0, 1, 3, 4, 2]}\noutput %t" n "\n"

	(void)state;
	find(&f, "input %x f32 1x3x64x64\n" SCALE("1", "8", "8")
			 SCALE("2", "16", "4") SCALE("3", "32", "2"));
	expect_kind(&f, "YOLOv5", DBP_BOX_SQUARE, 2, 3);
	expect_part(&head_levels(f.head.data)[1].box, 1, 0, 7, 112, 1);
	assert_int_equal(head_levels(f.head.data)[2].score.first, 5);
	assert_int_equal(f.head.data->box_act, DBP_ACT_SIGMOID);
	assert_true(head_anchors(f.head.data)[0] == 10);
	done(&f);
}

/* Boxes that the model decodes: centres in pixels, as planes. */
static void test_decoded(void **state)
{
	struct found f;

	(void)state;
	find(&f,
	     INPUT MAP("b", "4", "8", "1")
		     MAP("c", "2", "8",
			 "2") "const %d i64 3 = [1, 4, 16]\nconst %e i64 3 = "
			      "[1, 2, 16]\n"
			      "const %k f32 1x4x1 = [0, 0, 0, 0]\n"
			      "const %m f32 1x4x1 = [20, 20, 5, 5]\n"
			      "%r = Reshape(%b, %d)\n%z = Mul(%r, %k)\n%y = "
			      "Add(%z, %m)\n"
			      "%s = Reshape(%c, %e)\n%t = Sigmoid(%s)\n"
			      "%out = Concat(%y, %t) {axis=1}\noutput %out\n");
	expect_kind(&f, "boxes and scores", DBP_BOX_CENTER, 2, 1);
	assert_int_equal(f.head.data->normalized, 0);
	expect_part(&head_levels(f.head.data)->box, 0, 0, 1, 0, 16);
	assert_int_equal(head_levels(f.head.data)->object.output, DBP_NONE);
	done(&f);
}

/* Priors of unknown sizes: refused, and said in YAML. */
#define SSD                                                                   \
	INPUT MAP("loc", "8", "8", "1")                                       \
		MAP("conf", "6", "8",                                         \
		    "2") "const %d i64 3 = [1, 32, 4]\nconst %e i64 3 = [1, " \
			 "32, 3]\n"                                           \
			 "%t = Transpose(%loc) {perm=[0, 2, 3, 1]}\n%l = "    \
			 "Reshape(%t, %d)\n"                                  \
			 "%u = Transpose(%conf) {perm=[0, 2, 3, 1]}\n"        \
			 "%v = Reshape(%u, %e)\n%c = Softmax(%v) {axis=-1}\n" \
			 "output %l\noutput %c\n"

static void test_priors(void **state)
{
	struct found f;

	(void)state;
	find(&f, SSD);
	assert_null(f.head.data);
	assert_non_null(strstr(f.head.why, "anchors"));
	done(&f);
	find_with(&f, SSD,
		  "boxes: prior\nbackground: true\nvariances: [0.1, 0.2]\n"
		  "offset: 0.5\nclasses: [dog, cat]\nthreshold: 0.3\n"
		  "levels:\n- anchors: [[8, 4], [16, 16]]\n",
		  NULL);
	assert_int_equal(f.err, 0);
	expect_kind(&f, "prior", DBP_BOX_PRIOR, 3, 1);
	expect_part(&head_levels(f.head.data)->box, 0, 0, 8, 4, 1);
	expect_part(&head_levels(f.head.data)->score, 1, 0, 6, 3, 1);
	assert_true(head_anchors(f.head.data)[1] == 4);
	assert_true(f.head.data->score_threshold == .3f);
	assert_string_equal(head_class_name(&f.head, 1), "cat");
	done(&f);
}

/* One part of three levels, two boxes a cell, as RetinaFace has it: rows of
 * `fields` numbers, joined over the levels, with a batch and a channel of 1. */
static void add_rows(char *text, size_t bytes, const char *name, int fields)
{
	static const int strides[] = { 8, 16, 32 };
	size_t n = strlen(text);

	for (int i = 0; i < 3; i++) {
		int s = strides[i], channels = 2 * fields;

		n += (size_t)snprintf(
			text + n, bytes - n,
			"const %%w%s%d f32 %dx3x1x1 = random %d\n"
			"%%%s%d = Conv(%%x, %%w%s%d) {strides=[%d, %d]}\n"
			"%%t%s%d = Transpose(%%%s%d) {perm=[0, 2, 3, 1]}\n"
			"const %%d%s%d i64 4 = [1, 1, -1, %d]\n"
			"%%r%s%d = Reshape(%%t%s%d, %%d%s%d)\n",
			name, s, channels, fields + s, name, s, name, s, s, s,
			name, s, name, s, name, s, fields, name, s, name, s,
			name, s);
	}
	snprintf(text + n, bytes - n,
		 "%%%s = Concat(%%r%s8, %%r%s16, %%r%s32) {axis=2}\n", name,
		 name, name, name);
}

/* RetinaFace: boxes, two scores through a Softmax, ten landmark numbers. */
static void test_retinaface(void **state)
{
	char text[4096] = "input %x f32 1x3x64x64\n";
	const struct dbp_head_level *l;
	struct found f;

	(void)state;
	add_rows(text, sizeof(text), "loc", 4);
	add_rows(text, sizeof(text), "conf", 2);
	add_rows(text, sizeof(text), "landm", 10);
	strcat(text, "%score = Softmax(%conf) {axis=-1}\n"
		     "output %loc\noutput %score\noutput %landm\n");
	find(&f, text);
	expect_kind(&f, "RetinaFace", DBP_BOX_PRIOR, 2, 3);
	assert_int_equal(f.head.data->background, 1);
	assert_string_equal(head_class_name(&f.head, 0), "face");
	l = head_levels(f.head.data);
	expect_part(&l[1].box, 0, 64 * 2 * 4, 8, 4, 1);
	expect_part(&l[1].score, 1, 64 * 2 * 2, 4, 2, 1);
	assert_int_equal(l[1].anchors, 2);
	/* a prior is not larger than the image */
	assert_true(head_anchors(f.head.data)[2 * 3] == 64);
	assert_true(head_anchors(f.head.data)[2 * 2] == 64);
	assert_true(head_anchors(f.head.data)[2 * 1] == 32);
	done(&f);
}

static void test_ambiguous(void **state)
{
	struct found f;

	(void)state;
	find(&f, INPUT MAP("p", "4", "8", "1")
			 MAP("q", "4", "8", "2") "output %p\noutput %q\n");
	assert_null(f.head.data);
	assert_non_null(strstr(f.head.why, "not clear"));
	done(&f);
	/* distances in pixels or in strides? And what was done behind them? */
	find(&f, INPUT MAP("cls", "2", "8", "1")
			 MAP("reg", "4", "8",
			     "2") "%e = Exp(%reg)\n%s = Sigmoid(%cls)\noutput "
				  "%e\noutput %s\n");
	assert_null(f.head.data);
	assert_non_null(strstr(f.head.why, "unit"));
	done(&f);
	find(&f, INPUT MAP("cls", "2", "8", "1")
			 MAP("reg", "4", "8",
			     "2") "const %k f32 scalar = [8]\n%r = Relu(%reg)\n"
				  "%m = Mul(%r, %k)\noutput %cls\noutput %m\n");
	assert_null(f.head.data);
	assert_non_null(strstr(f.head.why, "not known"));
	done(&f);
	find(&f, INPUT MAP("p", "3", "8", "1") "output %p\n");
	assert_null(f.head.data);
	assert_non_null(f.head.why);
	done(&f);
}

static void refuse(const char *yaml, const char *message)
{
	struct found f;

	find_with(&f, SSD, yaml, NULL);
	assert_int_equal(f.err, -1);
	assert_null(f.head.data);
	assert_int_equal(f.d.errors, 1);
	if (!strstr(f.d.entries[0].text, message))
		fail_msg("'%s' lacks '%s'", f.d.entries[0].text, message);
	done(&f);
}

static void test_bad_yaml(void **state)
{
	(void)state;
	refuse("boxes: corners\nfamily: FastedDet\n",
	       "expected the name of a family of heads");
	refuse("classes: [a]\n", "'boxes', the form of the boxes, is missing");
	refuse("boxes: round\n", "head.yaml:1: 'round'");
	refuse("boxes: prior\nbox: 1\n", "head.yaml:2: unknown key 'box'");
	refuse("boxes: prior\nthreshold: 2\n", "head.yaml:2");
	refuse("boxes: prior\nlevels:\n- anchors: [[1, 1]]\n",
	       "has 1 anchors, the model 2");
	refuse("boxes: prior\nlevels: [{}, {}]\n",
	       "has 2 levels, the model has 1");
	refuse("boxes: prior\nclasses: [a, b, c, d]\n", "4 classes");
	refuse("boxes: corners\nclasses: [a]\nlevels:\n- grid: [99, 99]\n"
	       "  box: {output: l, cell: 4}\n  score: {output: c, cell: 3}\n",
	       "lie outside");
	refuse("boxes: corners\nlevels:\n- grid: [1, 1]\n"
	       "  box: {output: nothing}\n",
	       "no output 'nothing'");
}

static void test_names(void **state)
{
	struct found f;

	(void)state;
	find_with(&f,
		  INPUT MAP("b", "4", "8", "1")
			  MAP("c", "2", "8",
			      "2") "%e = Relu(%b)\n%s = Sigmoid(%c)\noutput "
				   "%e\noutput %s\n",
		  NULL, "cat, big dog");
	assert_int_equal(f.err, 0);
	assert_string_equal(head_class_name(&f.head, 1), "big dog");
	done(&f);
	find_with(&f,
		  INPUT MAP("b", "4", "8", "1")
			  MAP("c", "2", "8",
			      "2") "%e = Relu(%b)\n%s = Sigmoid(%c)\noutput "
				   "%e\noutput %s\n",
		  NULL, "cat,dog,cow");
	assert_int_equal(f.err, -1);
	done(&f);
}

/* Every row is complete and no row stands there twice. */
static void test_families(void **state)
{
	const struct head_family *a, *b;

	(void)state;
	for (int i = 0; (a = head_family_at(i)); i++) {
		assert_non_null(a->name);
		assert_non_null(a->matches);
		assert_non_null(a->fill);
		assert_true(!a->class_count == !a->class_names);
		assert_true(a->nms_iou >= 0 && a->nms_iou < 1);
		for (int k = 0; k < i && (b = head_family_at(k)); k++)
			assert_ptr_not_equal(a, b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yolox),
		cmocka_unit_test(test_yunet),
		cmocka_unit_test(test_fastestdet),
		cmocka_unit_test(test_nanodet),
		cmocka_unit_test(test_yolov8),
		cmocka_unit_test(test_fcos),
		cmocka_unit_test(test_yolov5),
		cmocka_unit_test(test_decoded),
		cmocka_unit_test(test_priors),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_bad_yaml),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_retinaface),
		cmocka_unit_test(test_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
