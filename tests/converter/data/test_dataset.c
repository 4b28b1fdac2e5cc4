/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "converter/data/dataset.h"
#include "tests/support/temp_folder.h"

struct fixture {
	struct temp_folder folder;
	struct diag d;
	struct dataset s;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	temp_folder_make(&f->folder);
	diag_init(&f->d);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	dataset_close(&f->s);
	temp_folder_remove(&f->folder);
	diag_free(&f->d);
	free(f);
	return 0;
}

static int open_name(struct fixture *f, const char *name)
{
	char path[TEMP_PATH_MAX];

	dataset_close(&f->s);
	return dataset_open(&f->s, temp_path(&f->folder, name, path), &f->d);
}

static void put(struct fixture *f, const char *name)
{
	temp_write(&f->folder, name, name, strlen(name));
}

static void expect_names(const struct fixture *f, const char *const *names,
			 int count)
{
	for (int i = 0; i < count && i < f->s.count; i++)
		assert_string_equal(f->s.items[i].name, names[i]);
	assert_int_equal(f->s.count, count);
}

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

static void expect_message(const struct fixture *f, const char *what)
{
	const char *text;

	assert_true(f->d.count > 0);
	text = f->d.entries[f->d.count - 1].text;
	if (!strstr(text, what))
		fail_msg("'%s' is not in '%s'", what, text);
}

static void test_folder(void **state)
{
	static const char *const names[] = {
		"B.PNG",   "a.jpg",    "a/1.jpeg", "a/10.Jpg",
		"a/2.npy", "a/b/c.pb", "a0.jpg",   "z.JPEG",
	};
	static const char *const others[] = {
		".hidden.jpg", ".git/x.jpg", "a/.x.png", "a.txt",
		"a.gif",       "jpg",        "a/.jpg",   "readme.npy.md",
	};
	struct fixture *f = *state;
	char path[TEMP_PATH_MAX];

	for (int i = COUNT(names); i-- > 0;)
		put(f, names[i]);
	for (int i = 0; i < COUNT(others); i++)
		put(f, others[i]);
	assert_int_equal(open_name(f, "."), 0);
	expect_names(f, names, COUNT(names));
	assert_int_equal(f->s.items[0].kind, ITEM_PHOTO);
	assert_int_equal(f->s.items[4].kind, ITEM_NPY);
	assert_int_equal(f->s.items[5].kind, ITEM_PB);
	for (int i = 0; i < f->s.count; i++)
		assert_int_equal(access(f->s.items[i].path, R_OK), 0);
	assert_int_equal(open_name(f, "a/"), 0);
	assert_int_equal(f->s.count, 4);
	assert_string_equal(f->s.items[3].name, "b/c.pb");
	/* said once, with what is left out */
	put(f, "clip.MP4");
	put(f, "b/clip.mov");
	put(f, "b/phone.HEIC");
	assert_int_equal(open_name(f, "."), 0);
	expect_message(f, ": 6 photos, 2 tensors; left out: 2 videos (.MP4), "
			  "1 HEIC (.HEIC), 1 GIF (.gif), 1 label file (.txt), "
			  "2 other files");
	assert_int_equal(open_name(f, "a/"), 0);
	temp_path(&f->folder, "a", path);
	assert_int_equal(strncmp(f->s.items[0].path, path, strlen(path)), 0);
}

/* What is no file is passed over, and never waited for. */
static void test_odd_entries(void **state)
{
	static const char *const names[] = { "linked.jpg", "photo.jpg" };
	struct fixture *f = *state;
	char path[TEMP_PATH_MAX];

	put(f, "photo.jpg");
	put(f, "folder.jpg/readme.txt");
	assert_int_equal(mkfifo(temp_path(&f->folder, "pipe.jpg", path), 0600),
			 0);
	assert_int_equal(
		symlink("nowhere", temp_path(&f->folder, "bad.jpg", path)), 0);
	assert_int_equal(
		symlink("photo.jpg", temp_path(&f->folder, "linked.jpg", path)),
		0);
	assert_int_equal(open_name(f, "."), 0);
	expect_names(f, names, COUNT(names));
}

static void test_a_loop_of_folders_ends(void **state)
{
	struct fixture *f = *state;
	char path[TEMP_PATH_MAX];

	put(f, "photo.jpg");
	assert_int_equal(symlink(".", temp_path(&f->folder, "loop", path)), 0);
	assert_int_equal(open_name(f, "."), -1);
	expect_message(f, "too many subfolders");
}

static void test_list(void **state)
{
	static const char list[] =
		"\xef\xbb\xbf# photos\n\nz.jpg\r\nsub/b.npy\n"
		"z.jpg\n../other/c.png\n/abs/d.pb";
	static const char *const names[] = {
		"z.jpg", "sub/b.npy", "z.jpg", "../other/c.png", "/abs/d.pb",
	};
	struct fixture *f = *state;
	char path[TEMP_PATH_MAX];

	temp_write(&f->folder, "lists/all.txt", list, sizeof(list) - 1);
	assert_int_equal(open_name(f, "lists/all.txt"), 0);
	expect_names(f, names, COUNT(names));
	assert_string_equal(f->s.items[1].path,
			    temp_path(&f->folder, "lists/sub/b.npy", path));
	assert_string_equal(f->s.items[4].path, "/abs/d.pb");
	assert_int_equal(f->s.items[4].kind, ITEM_PB);
}

static void test_list_beside(void **state)
{
	struct fixture *f = *state;
	char *former = getcwd(NULL, 0);

	temp_write(&f->folder, "all.txt", "a.jpg\n", 6);
	put(f, "a.jpg");
	assert_int_equal(chdir(f->folder.path), 0);
	assert_int_equal(dataset_open(&f->s, "all.txt", &f->d), 0);
	assert_int_equal(access(f->s.items[0].path, R_OK), 0);
	assert_int_equal(chdir(former), 0);
	free(former);
}

static void test_bad_lists(void **state)
{
	struct fixture *f = *state;

	temp_write(&f->folder, "a.txt", "x.jpg\nmovie.mp4\n", 16);
	assert_int_equal(open_name(f, "a.txt"), -1);
	expect_message(f, "line 2: 'movie.mp4'");
	temp_write(&f->folder, "b.txt", "# nothing\n\n", 11);
	assert_int_equal(open_name(f, "b.txt"), -1);
	expect_message(f, "holds no photos");
	temp_write(&f->folder, "c.bin", "\0\1\2", 3);
	assert_int_equal(open_name(f, "c.bin"), -1);
	expect_message(f, "neither a folder nor a list");
	temp_write(&f->folder, "d.txt", "", 0);
	assert_int_equal(open_name(f, "d.txt"), -1);
	expect_message(f, "empty");
}

static void test_single(void **state)
{
	struct fixture *f = *state;

	put(f, "sub/x.npy");
	assert_int_equal(open_name(f, "sub/x.npy"), 0);
	assert_int_equal(f->s.count, 1);
	assert_string_equal(f->s.items[0].name, "x.npy");
	assert_int_equal(f->s.items[0].kind, ITEM_NPY);
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(open_name(f, "none"), -1);
	expect_message(f, "No such file");
	put(f, "empty/readme.txt");
	assert_int_equal(open_name(f, "empty"), -1);
	expect_message(f, "empty: holds no photos");
	assert_non_null(f->d.entries[f->d.count - 1].hint);
}

static void digest(struct fixture *f, const char *name, uint8_t out[32])
{
	assert_int_equal(open_name(f, name), 0);
	assert_int_equal(dataset_digest(&f->s, out, &f->d), 0);
}

static void add_number(crypto_hash_sha256_state *h, uint8_t n)
{
	const uint8_t bytes[8] = { n };

	crypto_hash_sha256_update(h, bytes, sizeof(bytes));
}

static void test_digest(void **state)
{
	struct fixture *f = *state;
	crypto_hash_sha256_state h;
	uint8_t a[32], b[32];

	temp_write(&f->folder, "one/a.jpg", "photo", 5);
	temp_write(&f->folder, "one/b.npy", "tensor", 6);
	digest(f, "one", a);
	crypto_hash_sha256_init(&h);
	add_number(&h, 2);
	add_number(&h, 5);
	crypto_hash_sha256_update(&h, (const uint8_t *)"a.jpg", 5);
	add_number(&h, 5);
	crypto_hash_sha256_update(&h, (const uint8_t *)"photo", 5);
	add_number(&h, 5);
	crypto_hash_sha256_update(&h, (const uint8_t *)"b.npy", 5);
	add_number(&h, 6);
	crypto_hash_sha256_update(&h, (const uint8_t *)"tensor", 6);
	crypto_hash_sha256_final(&h, b);
	assert_memory_equal(a, b, 32);
	/* elsewhere, and made in another order */
	temp_write(&f->folder, "two/b.npy", "tensor", 6);
	temp_write(&f->folder, "two/a.jpg", "photo", 5);
	digest(f, "two/", b);
	assert_memory_equal(a, b, 32);
	temp_write(&f->folder, "two/a.jpg", "Photo", 5);
	digest(f, "two", b);
	assert_memory_not_equal(a, b, 32);
	/* bytes that move from a name to its content */
	temp_write(&f->folder, "x/a.jpg", "bc", 2);
	digest(f, "x", a);
	temp_write(&f->folder, "y/a.jpgb.jpg", "c", 1);
	digest(f, "y", b);
	assert_memory_not_equal(a, b, 32);
}

static void test_digest_of_a_missing_file(void **state)
{
	struct fixture *f = *state;
	uint8_t sum[32];

	temp_write(&f->folder, "a.txt", "gone.jpg\n", 9);
	assert_int_equal(open_name(f, "a.txt"), 0);
	assert_int_equal(dataset_digest(&f->s, sum, &f->d), -1);
	expect_message(f, "gone.jpg: No such file");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_folder),
		TEST(test_odd_entries),
		TEST(test_a_loop_of_folders_ends),
		TEST(test_list),
		TEST(test_list_beside),
		TEST(test_bad_lists),
		TEST(test_single),
		TEST(test_nothing),
		TEST(test_digest),
		TEST(test_digest_of_a_missing_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
