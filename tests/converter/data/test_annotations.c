/* SPDX-License-Identifier: Apache-2.0 */
/* Labels in each form that people keep them in, and broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "converter/data/annotations.h"
#include "tests/support/temp_folder.h"

struct labels {
	struct temp_folder folder;
	struct annotations a;
	struct diag d;
	int err;
};

static void begin(struct labels *l)
{
	temp_folder_make(&l->folder);
}

static void put(struct labels *l, const char *name, const char *text)
{
	temp_write(&l->folder, name, text, strlen(text));
}

static void read_labels(struct labels *l, const char *name)
{
	char path[TEMP_PATH_MAX];

	diag_init(&l->d);
	l->err = annotations_read(&l->a, temp_path(&l->folder, name, path),
				  &l->d);
	if (l->err && l->d.errors != 1)
		fail_msg("%zu errors", l->d.errors);
}

static void release(struct labels *l)
{
	annotations_free(&l->a);
	diag_free(&l->d);
}

static void end(struct labels *l)
{
	release(l);
	temp_folder_remove(&l->folder);
}

static void expect(const struct labels *l, const char *photo, int i, float x1,
		   float y1, float x2, float y2, const char *name, bool ignore)
{
	const struct annotated_photo *p = annotations_of(&l->a, photo);
	const struct annotation_box *b;

	assert_non_null(p);
	assert_in_range(i, 0, p->box_count - 1);
	b = &p->boxes[i];
	assert_float_equal(b->x1, x1, 1e-5);
	assert_float_equal(b->y1, y1, 1e-5);
	assert_float_equal(b->x2, x2, 1e-5);
	assert_float_equal(b->y2, y2, 1e-5);
	assert_true(b->ignore == ignore);
	if (name)
		assert_string_equal(l->a.class_names[b->class_id], name);
}

#define COCO_HEAD                                              \
	"{\"images\":[{\"id\":7,\"file_name\":\"val/b.jpg\"}," \
	"{\"id\":3,\"file_name\":\"a.png\"}],"                 \
	"\"categories\":[{\"id\":90,\"name\":\"cat\"},"        \
	"{\"id\":1,\"name\":\"person\"}],\"annotations\":["

static void test_coco(void **state)
{
	struct labels l;

	(void)state;
	begin(&l);
	put(&l, "l.json",
	    COCO_HEAD "{\"image_id\":7,\"category_id\":90,\"bbox\":[1,2,3.5,4],"
		      "\"iscrowd\":0},{\"image_id\":7,\"category_id\":1,"
		      "\"bbox\":[0,0,1,1],\"iscrowd\":1}]}");
	read_labels(&l, "l.json");
	assert_int_equal(l.err, 0);
	assert_true(l.a.is_boxes && !l.a.normalized && !l.a.missing_is_empty);
	assert_int_equal(l.a.class_count, 2);
	assert_string_equal(l.a.class_names[0], "person");
	expect(&l, "b.jpg", 0, 1, 2, 4.5f, 6, "cat", false);
	expect(&l, "sub/b.jpg", 1, 0, 0, 1, 1, "person", true);
	assert_int_equal(annotations_of(&l.a, "a.png")->box_count, 0);
	assert_null(annotations_of(&l.a, "c.png"));
	end(&l);
}

/* As editors and tables of Windows save them, and as Python writers do. */
static void test_marks_and_ids(void **state)
{
	struct labels l;

	(void)state;
	begin(&l);
	put(&l, "l.json",
	    "\xef\xbb\xbf{\"images\":[{\"id\":\"7\",\"file_name\":\"b.jpg\"},"
	    "{\"id\":\"img a\",\"file_name\":\"a.jpg\"}],"
	    "\"categories\":[{\"id\":10.0,\"name\":\"ten\"},"
	    "{\"id\":\"9\",\"name\":\"nine\"}],\"annotations\":["
	    "{\"image_id\":7,\"category_id\":10,\"bbox\":[1,2,3,4]},"
	    "{\"image_id\":\"img a\",\"category_id\":9.0,\"bbox\":[1,2,3,4]}"
	    "]}");
	read_labels(&l, "l.json");
	assert_int_equal(l.err, 0);
	expect(&l, "b.jpg", 0, 1, 2, 4, 6, "ten", false);
	expect(&l, "a.jpg", 0, 1, 2, 4, 6, "nine", false);
	assert_string_equal(l.a.class_names[0], "nine");
	end(&l);
	begin(&l);
	put(&l, "l/a.txt",
	    "\xef\xbb\xbf"
	    "0 .5 .5 .2 .4\r\n");
	put(&l, "l/classes.txt",
	    "\xef\xbb\xbf"
	    "dog\r\n");
	read_labels(&l, "l");
	assert_int_equal(l.err, 0);
	expect(&l, "a.jpg", 0, .4f, .3f, .6f, .7f, "dog", false);
	end(&l);
	begin(&l);
	put(&l, "l.csv",
	    "\xef\xbb\xbf"
	    "a.jpg,1.0\r\nb.jpg,2.0\r\n");
	read_labels(&l, "l.csv");
	assert_int_equal(l.err, 0);
	assert_int_equal(annotations_of(&l.a, "a.jpg")->boxes[0].class_id, 1);
	assert_int_equal(annotations_of(&l.a, "b.jpg")->boxes[0].class_id, 2);
	end(&l);
	begin(&l);
	put(&l, "l.csv",
	    "\xff\xfe"
	    "a.jpg,1");
	read_labels(&l, "l.csv");
	assert_int_equal(l.err, -1);
	assert_non_null(strstr(l.d.entries[0].text, "is UTF-16"));
	end(&l);
}

static void test_yolo(void **state)
{
	struct labels l;

	(void)state;
	begin(&l);
	put(&l, "labels/a.txt", "2 .5 .5 .2 .4\r\n0 0.1 0.1 0.2 0.2 0.93\n");
	put(&l, "labels/b.txt", "1 0.1 0.2 0.5 0.1 0.3 0.9\n\n");
	put(&l, "labels/c.txt", "");
	put(&l, "data.yaml", "path: x\nnames:\n  0: dog\n  2: car\n");
	read_labels(&l, "labels/");
	assert_int_equal(l.err, 0);
	assert_true(l.a.is_boxes && l.a.normalized && l.a.missing_is_empty);
	assert_int_equal(l.a.class_count, 3);
	assert_null(l.a.class_names[1]);
	expect(&l, "a.jpg", 0, .4f, .3f, .6f, .7f, "car", false);
	expect(&l, "a.jpg", 1, 0, 0, .2f, .2f, "dog", false);
	expect(&l, "b.jpg", 0, .1f, .1f, .5f, .9f, NULL, false);
	assert_int_equal(annotations_of(&l.a, "c.jpg")->box_count, 0);
	end(&l);
}

#define VOC(object) "<annotation>" object "</annotation>"
#define BOX(a, b, c, d)                                                  \
	"<bndbox><xmin>" a "</xmin><ymin>" b "</ymin><xmax>" c "</xmax>" \
	"<ymax>" d "</ymax></bndbox>"

static void test_voc(void **state)
{
	struct labels l;

	(void)state;
	begin(&l);
	put(&l, "xml/a.xml",
	    "\n" VOC("<object><name> zebra </name>" BOX(
		    " 1", "2", "3",
		    "4") "</object>"
			 "<object><name>ant</name><difficult>1</difficult>"
			 "<part><name>leg</name></part>" BOX(
				 "0", "0", "9", "9.5") "</object>"));
	put(&l, "xml/b.xml", VOC(""));
	read_labels(&l, "xml");
	assert_int_equal(l.err, 0);
	assert_int_equal(l.a.class_count, 2);
	assert_string_equal(l.a.class_names[0], "ant");
	expect(&l, "a.png", 0, 1, 2, 3, 4, "zebra", false);
	expect(&l, "a.png", 1, 0, 0, 9, 9.5f, "ant", true);
	assert_int_equal(annotations_of(&l.a, "b.png")->box_count, 0);
	end(&l);
}

static void test_classes(void **state)
{
	struct labels l;

	(void)state;
	begin(&l);
	put(&l, "n.csv", "file,person\nb.jpg,1\na.jpg, 0\n");
	read_labels(&l, "n.csv");
	assert_int_equal(l.err, 0);
	assert_false(l.a.is_boxes);
	assert_int_equal(l.a.class_count, 2);
	assert_int_equal(annotations_of(&l.a, "b.jpg")->boxes[0].class_id, 1);
	release(&l);
	put(&l, "w.csv", "\"x/b.jpg\",\"dog\"\na.jpg,cat\n");
	read_labels(&l, "w.csv");
	assert_int_equal(l.err, 0);
	assert_string_equal(l.a.class_names[0], "cat");
	assert_int_equal(annotations_of(&l.a, "b.jpg")->boxes[0].class_id, 1);
	release(&l);
	put(&l, "set/cat/1.jpg", "");
	put(&l, "set/dog/1.png", "");
	put(&l, "set/dog/readme", "");
	read_labels(&l, "set");
	assert_int_equal(l.err, 0);
	assert_int_equal(l.a.photo_count, 2);
	assert_int_equal(annotations_of(&l.a, "dog/1.png")->boxes[0].class_id,
			 1);
	assert_int_equal(annotations_of(&l.a, "cat/1.jpg")->boxes[0].class_id,
			 0);
	end(&l);
}

static void refuse(const char *file, const char *text, const char *folder,
		   const char *message)
{
	struct labels l;

	begin(&l);
	put(&l, file, text);
	read_labels(&l, folder);
	assert_int_equal(l.err, -1);
	if (!strstr(l.d.entries[0].text, message))
		fail_msg("'%s' lacks '%s'", l.d.entries[0].text, message);
	end(&l);
}

static void test_broken(void **state)
{
	(void)state;
	refuse("l.json", "{", "l.json", "l.json:1");
	refuse("l.json", "[]", "l.json", "no list 'images'");
	refuse("l.json", COCO_HEAD "{\"image_id\":8}]}", "l.json",
	       "annotations[0]: there is no such image");
	refuse("l.json",
	       COCO_HEAD "{\"image_id\":7,\"category_id\":1,"
			 "\"bbox\":[0,0,-1,1]}]}",
	       "l.json", "annotations[0]: bbox");
	refuse("l.json",
	       "{\"images\":[{\"id\":1,\"file_name\":\"a\"},{\"id\":1,"
	       "\"file_name\":\"b\"}],\"categories\":[],\"annotations\":[]}",
	       "l.json", "two images have the id 1");
	refuse("y/a.txt", "0 .5 .5 .2\n", "y", "a.txt:1");
	refuse("y/a.txt", "0 .5 .5 .2 .2\nnan 0 0 0 0\n", "y", "a.txt:2");
	refuse("y/a.txt", "0 50 50 20 20\n", "y", "are not from 0 to 1");
	refuse("y/a.txt", "1000000000 .5 .5 .2 .2\n", "y", "class 1000000000");
	refuse("y/a.txt", "1.5 .5 .5 .2 .2\n", "y", "a.txt:1");
	refuse("v/a.xml", "<annotation><object>", "v", "a.xml:1");
	refuse("v/a.xml", VOC("<object><name>x</name></object>"), "v",
	       "lacks its name or its bndbox");
	refuse("v/a.xml",
	       VOC("<object><name>x</name>" BOX("5", "0", "1",
						"1") "</object>"),
	       "v", "negative size");
	refuse("v/a.xml",
	       VOC("<object><name>x</name>" BOX("inf", "0", "1",
						"1") "</object>"),
	       "v", "not a number of pixels");
	refuse("v/a.xml",
	       "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><annotation>&b;"
	       "</annotation>",
	       "v", "declarations are not taken");
	refuse("c.csv", "a.jpg\n", "c.csv", "c.csv:1");
	refuse("c.csv", "a.jpg,0\nb.jpg,-1\n", "c.csv", "class");
	refuse("e/readme", "", "e", "no labels of a known form");
	refuse("readme", "", "absent", "No such file");
}

/* Cut anywhere, a file is read or refused with one error. */
static void test_cut(void **state)
{
	static const char *const files[][2] = {
		{ "l.json", COCO_HEAD "{\"image_id\":7,\"category_id\":1,"
				      "\"bbox\":[1,2,3,4],\"iscrowd\":0}]}" },
		{ "v/a.xml", VOC("<object><name>x</name>" BOX(
				     "1", "2", "3", "4") "</object>") },
		{ "y/a.txt", "0 .5 .5 .2 .2\n1 .1 .1 .1 .1\n" },
		{ "c.csv", "a.jpg,1\nb.jpg,0\n" },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t n = 0; n < strlen(files[i][1]); n++) {
			struct labels l;
			char name[16];

			begin(&l);
			temp_write(&l.folder, files[i][0], files[i][1], n);
			snprintf(name, sizeof(name), "%.*s",
				 strchr(files[i][0], '/') ? 1 : 15,
				 files[i][0]);
			read_labels(&l, name);
			end(&l);
		}
}

static void expect_attribute(const struct attributes *a, const char *name,
			     const char *value)
{
	const char *found = attributes_find(a, name);

	if (value)
		assert_string_equal(found, value);
	else
		assert_null(found);
}

/* Of b.jpg, the first box has a distance, the second none. */
static const struct annotated_photo *expect_distance(const struct labels *l,
						     const char *value)
{
	const struct annotated_photo *p;

	assert_int_equal(l->err, 0);
	p = annotations_of(&l->a, "b.jpg");
	expect_attribute(&p->boxes[0].attributes, "distance", value);
	expect_attribute(&p->boxes[1].attributes, "distance", NULL);
	return p;
}

static void test_attributes(void **state)
{
	const struct annotated_photo *p;
	struct labels l;

	(void)state;
	begin(&l);
	put(&l, "l.json",
	    "{\"images\":[{\"id\":1,\"file_name\":\"b.jpg\",\"attributes\":"
	    "{\"night\":true,\"place\":\"porch\",\"lux\":7.25,\"none\":null}},"
	    "{\"id\":2,\"file_name\":\"a.jpg\"}],\"categories\":[{\"id\":1,"
	    "\"name\":\"cat\"}],\"annotations\":[{\"image_id\":1,"
	    "\"category_id\":1,\"bbox\":[1,2,3,4],\"attributes\":"
	    "{\"distance\":12}},{\"image_id\":1,\"category_id\":1,"
	    "\"bbox\":[1,2,3,4]}]}");
	read_labels(&l, "l.json");
	p = expect_distance(&l, "12");
	expect_attribute(&p->attributes, "night", "true");
	expect_attribute(&p->attributes, "place", "porch");
	expect_attribute(&p->attributes, "lux", "7.25");
	expect_attribute(&p->attributes, "none", NULL);
	p = annotations_of(&l.a, "a.jpg");
	expect_attribute(&p->attributes, "night", NULL);
	release(&l);

	put(&l, "v/b.xml",
	    "<annotation><object><name>cat</name><pose>Left</pose>"
	    "<truncated>1</truncated><bndbox><xmin>1</xmin><ymin>2</ymin>"
	    "<xmax>3</xmax><ymax>4</ymax></bndbox><attributes><attribute>"
	    "<name>distance</name><value>7</value></attribute></attributes>"
	    "</object><object><name>cat</name><bndbox><xmin>1</xmin>"
	    "<ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>"
	    "</annotation>");
	read_labels(&l, "v");
	p = expect_distance(&l, "7");
	assert_string_equal(l.a.class_names[0], "cat");
	expect_attribute(&p->boxes[0].attributes, "pose", "Left");
	expect_attribute(&p->boxes[0].attributes, "truncated", "1");
	end(&l);
}

static void read_photos(struct labels *l, const char *text)
{
	char path[TEMP_PATH_MAX];

	put(l, "p.csv", text);
	diag_init(&l->d);
	l->err = annotations_read_photos(
		&l->a, temp_path(&l->folder, "p.csv", path), &l->d);
	assert_int_equal(l->d.errors, l->err ? 1 : 0);
}

static void test_photos(void **state)
{
	const struct annotated_photo *p;
	struct labels l;

	(void)state;
	begin(&l);
	read_photos(&l, "photo,night,place\r\nx/b.jpg,true,\"a porch\"\r\n"
			"# rest\na.jpg,,street\n");
	assert_int_equal(l.err, 0);
	p = annotations_of(&l.a, "b.jpg");
	expect_attribute(&p->attributes, "night", "true");
	expect_attribute(&p->attributes, "place", "a porch");
	p = annotations_of(&l.a, "a.jpg");
	expect_attribute(&p->attributes, "night", NULL);
	expect_attribute(&p->attributes, "place", "street");
	release(&l);
	read_photos(&l, "photo,night\nb.jpg\n");
	assert_int_equal(l.err, -1);
	release(&l);
	read_photos(&l, "photo\n");
	assert_int_equal(l.err, -1);
	end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coco),
		cmocka_unit_test(test_marks_and_ids),
		cmocka_unit_test(test_yolo),
		cmocka_unit_test(test_voc),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_photos),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
