/* A disk that refuses to sync, or loses power. Preloaded into a child of `store_crash`; it stands
 * between the program and the files directly inside DISK_FOLDER.
 *
 * What it models: a write is in the page cache until the file is synced; a created or removed name
 * until the folder is synced; the folder's own name until its parent is. For each it remembers what
 * was there before. When the power goes, every sector written since the last sync is, by a seeded
 * coin, as it is now or as it was at some moment since; lengths and names likewise, each by itself.
 * Syncs do nothing but forget: the real disk is never waited for.
 *
 * What it refuses (the process ends with 99 and says so, instead of passing unseen): renames,
 * folders within the folder, shared writable maps, preallocation. SQLite's `-shm` is a map, but
 * means nothing after a start: a power cut leaves rubbish there. Lies of the disk itself (a sync
 * that says yes and was not done, bits that rot) are not modelled.
 *
 * DISK_REPORT what happened, one line each   DISK_GRAVES a folder on the same file system
 * DISK_CUT    the process dies at this sync call, or the first after it with something un-synced
 * DISK_AFTER  1: after that call has taken effect, 0: before   DISK_SECTOR 512 to 4096
 * DISK_FAIL   this sync call and all later ones fail
 * DISK_AT     DISK_CUT and DISK_FAIL wait for a sync of this name; with `-` at its end, a prefix
 * DISK_LIE    syncs of such a name say yes and do nothing
 * DISK_STATE  takes the page cache of a process that died, or ended after a failure, to the next:
 *             another life, or, with DISK_OFF=1, one that does nothing but lose it (DISK_SEED) */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* A sector as it was before a write; no data: nothing but zeros, or beyond the end. */
struct before {
    off_t sector;
    unsigned char *data;
};
struct file {
    dev_t dev;
    ino_t ino;
    char name[64];
    int fd; /* our own, never closed: closing would drop SQLite's locks */
    off_t synced_size;
    struct before *list;
    size_t count, room;
};
struct name {
    char name[64];
    char grave[32]; /* empty: the name was made */
};
enum { FILES = 4096, NAMES = 4096, LARGEST = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder, *report, *graves, *state;
static size_t folder_length;
static off_t sector = 512;
static const char *wanted_at = "", *lie = "";
static long cut_at, fail_from, after, syncs, graves_dug, failed;
static uint64_t dice;
static struct file files[FILES];
static int file_count;
static struct name names[NAMES];
static int name_count, folder_made;

static uint64_t throw_dice(void) {
    uint64_t z = dice += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void say(const char *format, ...) {
    char line[512];
    va_list rest;
    va_start(rest, format);
    int length = vsnprintf(line, sizeof line, format, rest);
    va_end(rest);
    int fd = syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_CREAT | O_APPEND, 0600);
    syscall(SYS_write, fd, line, length);
    syscall(SYS_close, fd);
}

static void refuse(const char *what, const char *name) {
    say("refused what=%s name=%s\n", what, name);
    _exit(99);
}

/* The name inside the folder, or nothing. */
static const char *inside(const char *path) {
    if (!folder || strncmp(path, folder, folder_length) || path[folder_length] != '/')
        return NULL;
    const char *name = path + folder_length + 1;
    size_t length = strlen(name);
    if (length > 4 && !strcmp(name + length - 4, "-shm"))
        return NULL;
    if (!*name || strchr(name, '/') || length >= sizeof files->name)
        refuse("name", path);
    return name;
}

static void join(char *path, const char *first, const char *last) {
    snprintf(path, 4096, "%s/%s", first, last);
}

static struct file *tracked(int fd) {
    struct stat seen;
    if (!folder || fstat(fd, &seen) || !S_ISREG(seen.st_mode))
        return NULL;
    for (int n = file_count; n-- > 0;)
        if (files[n].ino == seen.st_ino && files[n].dev == seen.st_dev)
            return &files[n];
    return NULL;
}

static off_t size_of(int fd) {
    struct stat seen;
    return fstat(fd, &seen) ? 0 : seen.st_size;
}

static void read_sector(struct file *file, off_t number, unsigned char *into) {
    memset(into, 0, sector);
    ssize_t got = syscall(SYS_pread64, file->fd, into, sector, number * sector);
    if (got < 0)
        refuse("read", file->name);
}

/* Remembers the sectors of a range as they are now. */
static void remember(struct file *file, off_t from, off_t to) {
    unsigned char now[LARGEST];
    off_t size = size_of(file->fd);
    for (off_t n = from / sector; n * sector < to; n++) {
        if (file->count == file->room) {
            file->room = file->room ? 2 * file->room : 64;
            file->list = realloc(file->list, file->room * sizeof *file->list);
        }
        struct before *before = &file->list[file->count++];
        before->sector = n;
        before->data = NULL;
        if (n * sector < size) {
            read_sector(file, n, now);
            before->data = memcpy(malloc(sector), now, sector);
        }
    }
}

static void forget(struct file *file) {
    for (size_t n = 0; n < file->count; n++)
        free(file->list[n].data);
    file->count = 0;
    file->synced_size = size_of(file->fd);
}

static int same(struct before *before, const unsigned char *now) {
    static const unsigned char zeros[LARGEST];
    return !memcmp(before->data ? before->data : zeros, now, sector);
}

static int is_first(struct file *file, size_t at) {
    for (size_t n = 0; n < at; n++)
        if (file->list[n].sector == file->list[at].sector)
            return 0;
    return 1;
}

/* Sectors that are not as they were at the last sync. */
static long unsynced(void) {
    unsigned char now[LARGEST];
    long found = 0;
    for (int f = 0; f < file_count; f++)
        for (size_t n = 0; n < files[f].count; n++)
            if (is_first(&files[f], n)) {
                read_sector(&files[f], files[f].list[n].sector, now);
                found += !same(&files[f].list[n], now);
            }
    return found;
}

/* Takes a file back; `keep` eighths of its sectors stay. Returns how many did not. */
static long undo(struct file *file, unsigned keep) {
    unsigned char now[LARGEST];
    static const unsigned char zeros[LARGEST];
    off_t size = size_of(file->fd), end = size;
    long lost = 0;
    if (size != file->synced_size && throw_dice() % 8 >= keep) {
        end = file->synced_size;
        if (size > end && keep && throw_dice() % 2)
            end += (off_t)(throw_dice() % (uint64_t)(size - end)) / sector * sector;
    }
    if (end > size)
        syscall(SYS_ftruncate, file->fd, end);
    for (size_t n = 0; n < file->count; n++) {
        if (!is_first(file, n))
            continue;
        off_t at = file->list[n].sector * sector;
        size_t versions = 0, chosen = n, last = n;
        for (size_t m = n; m < file->count; m++)
            if (file->list[m].sector == file->list[n].sector) {
                last = m;
                if (keep && throw_dice() % ++versions == 0)
                    chosen = m;
            }
        int stays = throw_dice() % 8 < keep;
        if (stays && at >= size) /* cut off, and the cut is undone */
            stays = 0, chosen = last;
        read_sector(file, file->list[n].sector, now);
        if (at >= end) {
            lost += at < size;
        } else if (!stays) {
            const unsigned char *data = file->list[chosen].data;
            off_t length = end - at < sector ? end - at : sector;
            lost += !same(&file->list[chosen], now);
            syscall(SYS_pwrite64, file->fd, data ? data : zeros, length, at);
        }
    }
    if (end < size)
        syscall(SYS_ftruncate, file->fd, end);
    return lost;
}

static void move(const char *from_folder, const char *from, const char *to_folder, const char *to) {
    char old[4096], new[4096];
    join(old, from_folder, from);
    join(new, to_folder, to);
    syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 1 /* never replace */);
}

/* A name nobody has; the pid keeps lives apart. */
static void dig(char *grave) {
    snprintf(grave, 32, "%d-%ld", (int)getpid(), graves_dug++);
}

/* Takes the folder back to what a disk might hold. */
static void lose_power(void) {
    long lost = 0, lost_log = 0, names_lost = 0;
    static const unsigned keeps[] = {0, 1, 4, 7};
    unsigned keep = keeps[throw_dice() % 4];
    for (int n = 0; n < file_count; n++) {
        long these = undo(&files[n], keep);
        lost += these;
        if (!strncmp(files[n].name, "log-", 4))
            lost_log += these;
    }
    uint64_t salt = throw_dice();
    for (int n = name_count; n-- > 0;) {
        uint64_t coin = salt; /* one for all that happened to a name */
        for (const char *c = names[n].name; *c; c++)
            coin = (coin ^ (unsigned char)*c) * 0x100000001b3u;
        if ((coin >> 32) % 8 < keep)
            continue;
        names_lost++;
        if (*names[n].grave) {
            move(graves, names[n].grave, folder, names[n].name);
        } else {
            char grave[32];
            dig(grave);
            move(folder, names[n].name, graves, grave);
        }
    }
    char grave[32], path[4096];
    dig(grave);
    move(folder, "table.db-shm", graves, grave);
    join(path, folder, "table.db-shm");
    int shm = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT, 0600);
    for (int n = 0; n < 4096; n++) {
        uint64_t rubbish = throw_dice();
        syscall(SYS_write, shm, &rubbish, sizeof rubbish);
    }
    int whole = folder_made && throw_dice() % 8 >= keep;
    if (whole) {
        dig(grave);
        move(folder, "", graves, grave);
    }
    say("cut keep=%u lost=%ld lost_log=%ld names_lost=%ld folder_lost=%d\n", keep, lost, lost_log,
        names_lost, whole);
}

/* Adds a file to those we watch; nothing of it is un-synced yet. */
static struct file *watch(const char *path, const char *name) {
    struct stat seen;
    if (file_count == FILES)
        refuse("many-files", name);
    struct file *file = &files[file_count++];
    memset(file, 0, sizeof *file);
    snprintf(file->name, sizeof file->name, "%s", name);
    file->fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &seen))
        refuse("reopen", name);
    file->dev = seen.st_dev;
    file->ino = seen.st_ino;
    file->synced_size = seen.st_size;
    return file;
}

/* The process dies, the page cache does not: what is un-synced is written down for the next life. */
static void die(const char *at) {
    FILE *out = fopen(state, "w");
    if (!out)
        refuse("state", state);
    for (int n = 0; n < file_count; n++) {
        char link[64], path[4096] = {0};
        struct file *file = &files[n];
        snprintf(link, sizeof link, "/proc/self/fd/%d", file->fd);
        if (!file->count)
            continue;
        if (readlink(link, path, sizeof path - 1) < 0)
            refuse("readlink", file->name);
        fputc('f', out);
        fwrite(path, sizeof path, 1, out);
        fwrite(file, sizeof *file, 1, out);
        for (size_t m = 0; m < file->count; m++) {
            fwrite(&file->list[m], sizeof *file->list, 1, out);
            if (file->list[m].data)
                fwrite(file->list[m].data, sector, 1, out);
        }
    }
    fputc('n', out);
    fwrite(&folder_made, sizeof folder_made, 1, out);
    fwrite(&name_count, sizeof name_count, 1, out);
    fwrite(names, sizeof *names, name_count, out);
    if (fclose(out))
        refuse("state", state);
    say("end sync=%ld at=%s unsynced=%ld names=%d\n", syncs, at, unsynced(), name_count);
    _exit(0);
}

/* Takes over what the life before had not synced. */
static void inherit(void) {
    FILE *in = fopen(state, "r");
    if (!in)
        return;
    int well = 1;
    while (well && fgetc(in) == 'f') {
        char path[4096];
        struct file old;
        well = fread(path, sizeof path, 1, in) == 1 && fread(&old, sizeof old, 1, in) == 1;
        if (!well)
            break;
        struct file *file = watch(path, old.name);
        file->synced_size = old.synced_size;
        file->count = file->room = old.count;
        file->list = calloc(old.count, sizeof *file->list);
        for (size_t n = 0; well && n < old.count; n++) {
            well = fread(&file->list[n], sizeof *file->list, 1, in) == 1;
            if (well && file->list[n].data) {
                file->list[n].data = malloc(sector);
                well = fread(file->list[n].data, sector, 1, in) == 1;
            }
        }
    }
    well = well && fread(&folder_made, sizeof folder_made, 1, in) == 1 &&
           fread(&name_count, sizeof name_count, 1, in) == 1 &&
           fread(names, sizeof *names, name_count, in) == (size_t)name_count;
    fclose(in);
    if (!well || unlink(state))
        refuse("state", state);
}

static int is_meant(const char *at, const char *wanted) {
    size_t length = strlen(wanted);
    int prefix = length && wanted[length - 1] == '-';
    return prefix ? !strncmp(at, wanted, length) : !strcmp(at, wanted);
}

static int sync_call(long number, int fd) {
    struct stat seen, ours;
    char above[4096];
    pthread_mutex_lock(&lock);
    struct file *file = tracked(fd);
    const char *at = file ? file->name : NULL;
    int parent = 0;
    if (!file && folder && !fstat(fd, &seen) && S_ISDIR(seen.st_mode)) {
        join(above, folder, "..");
        if (!stat(folder, &ours) && ours.st_ino == seen.st_ino && ours.st_dev == seen.st_dev)
            at = "folder";
        else if (!stat(above, &ours) && ours.st_ino == seen.st_ino && ours.st_dev == seen.st_dev)
            at = "parent", parent = 1;
    }
    if (!at) {
        pthread_mutex_unlock(&lock);
        return syscall(number, fd);
    }
    syncs++;
    int meant = !*wanted_at || is_meant(at, wanted_at);
    if (failed || (fail_from && syncs >= fail_from && meant)) {
        say("failed sync=%ld at=%s\n", syncs, at);
        failed = 1;
        pthread_mutex_unlock(&lock);
        errno = EIO;
        return -1;
    }
    int due = cut_at && syncs >= cut_at && meant;
    if (due && !after && unsynced())
        die(at);
    if (is_meant(at, lie))
        say("lied at=%s\n", at);
    else if (file)
        forget(file);
    else if (parent)
        folder_made = 0;
    else
        name_count = 0;
    if (due && after && unsynced())
        die(at);
    pthread_mutex_unlock(&lock);
    return 0;
}

static void note_name(const char *name, const char *grave) {
    if (name_count == NAMES)
        refuse("many-names", name);
    snprintf(names[name_count].name, sizeof names->name, "%s", name);
    snprintf(names[name_count++].grave, sizeof names->grave, "%s", grave);
}

static int open_call(int at, const char *path, int flags, mode_t mode) {
    struct stat seen;
    const char *name = inside(path);
    if (!name || (flags & O_DIRECTORY))
        return syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&lock);
    int fresh = stat(path, &seen) != 0;
    int fd = syscall(SYS_openat, at, path, flags & ~O_TRUNC, mode);
    if (fd >= 0 && !fstat(fd, &seen) && S_ISREG(seen.st_mode)) {
        struct file *file = tracked(fd);
        if (!file)
            file = watch(path, name);
        if (fresh)
            note_name(name, "");
        if (flags & O_TRUNC) {
            remember(file, 0, seen.st_size);
            syscall(SYS_ftruncate, fd, 0);
        }
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPEN(symbol)                                                                               \
    int symbol(const char *path, int flags, ...) {                                                 \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = mode_of(flags, rest);                                                        \
        va_end(rest);                                                                              \
        return open_call(AT_FDCWD, path, flags, mode);                                             \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(symbol)                                                                             \
    int symbol(int at, const char *path, int flags, ...) {                                         \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = mode_of(flags, rest);                                                        \
        va_end(rest);                                                                              \
        return open_call(at, path, flags, mode);                                                   \
    }
OPENAT(openat)
OPENAT(openat64)

static ssize_t write_call(int fd, const struct iovec *parts, int count, off_t at) {
    size_t length = 0;
    for (int n = 0; n < count; n++)
        length += parts[n].iov_len;
    pthread_mutex_lock(&lock);
    struct file *file = tracked(fd);
    if (file) {
        off_t from = at;
        if (at < 0)
            from = fcntl(fd, F_GETFL) & O_APPEND ? size_of(fd) : lseek(fd, 0, SEEK_CUR);
        remember(file, from, from + (off_t)length);
    } else {
        pthread_mutex_unlock(&lock); /* a pipe may keep us waiting */
    }
    ssize_t done = at < 0 ? syscall(SYS_writev, fd, parts, count)
                          : syscall(SYS_pwritev, fd, parts, count, at, 0);
    if (file)
        pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *from, size_t length) {
    struct iovec part = {(void *)from, length};
    return write_call(fd, &part, 1, -1);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    return write_call(fd, parts, count, -1);
}
ssize_t pwrite(int fd, const void *from, size_t length, off_t at) {
    struct iovec part = {(void *)from, length};
    return write_call(fd, &part, 1, at);
}
ssize_t pwrite64(int fd, const void *from, size_t length, off64_t at) {
    return pwrite(fd, from, length, at);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    return write_call(fd, parts, count, at);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
    return write_call(fd, parts, count, at);
}

int ftruncate(int fd, off_t length) {
    pthread_mutex_lock(&lock);
    struct file *file = tracked(fd);
    if (file) {
        off_t size = size_of(fd);
        remember(file, length < size ? length : size, length < size ? size : length);
    }
    int done = syscall(SYS_ftruncate, fd, length);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate64(int fd, off64_t length) {
    return ftruncate(fd, length);
}

int fsync(int fd) {
    return sync_call(SYS_fsync, fd);
}
int fdatasync(int fd) {
    return sync_call(SYS_fdatasync, fd);
}

/* A removed file is set aside: it may have to come back. */
static int remove_call(int at, const char *path, int flags) {
    const char *name = inside(path);
    if (!name)
        return syscall(SYS_unlinkat, at, path, flags);
    char grave[32], to[4096];
    pthread_mutex_lock(&lock);
    dig(grave);
    join(to, graves, grave);
    int done = syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, to, 0);
    if (!done)
        note_name(name, grave);
    pthread_mutex_unlock(&lock);
    return done;
}
int unlink(const char *path) {
    return remove_call(AT_FDCWD, path, 0);
}
int unlinkat(int at, const char *path, int flags) {
    return remove_call(at, path, flags);
}

int mkdir(const char *path, mode_t mode) {
    int done = syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (folder && !done && !strcmp(path, folder))
        folder_made = 1;
    return done;
}

int rename(const char *from, const char *to) {
    if (inside(from) || inside(to))
        refuse("rename", from);
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static void never(int fd, const char *what) {
    pthread_mutex_lock(&lock);
    struct file *file = fd >= 0 ? tracked(fd) : NULL;
    if (file)
        refuse(what, file->name);
    pthread_mutex_unlock(&lock);
}
void *mmap(void *where, size_t length, int access, int flags, int fd, off_t at) {
    if (folder && fd >= 0 && (access & PROT_WRITE) && (flags & MAP_SHARED))
        never(fd, "map");
    return (void *)syscall(SYS_mmap, where, length, access, flags, fd, at);
}
void *mmap64(void *where, size_t length, int access, int flags, int fd, off64_t at) {
    return mmap(where, length, access, flags, fd, at);
}
int fallocate(int fd, int mode, off_t at, off_t length) {
    never(fd, "fallocate");
    return syscall(SYS_fallocate, fd, mode, at, length);
}
int posix_fallocate(int fd, off_t at, off_t length) {
    never(fd, "fallocate");
    return syscall(SYS_fallocate, fd, 0, at, length) ? errno : 0;
}

static long number_of(const char *name) {
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void) {
    report = getenv("DISK_REPORT");
    graves = getenv("DISK_GRAVES");
    dice = (uint64_t)number_of("DISK_SEED");
    cut_at = number_of("DISK_CUT");
    fail_from = number_of("DISK_FAIL");
    after = number_of("DISK_AFTER");
    if (getenv("DISK_AT"))
        wanted_at = getenv("DISK_AT");
    if (getenv("DISK_LIE"))
        lie = getenv("DISK_LIE");
    state = getenv("DISK_STATE");
    if (number_of("DISK_SECTOR"))
        sector = number_of("DISK_SECTOR");
    const char *wanted = getenv("DISK_FOLDER");
    if (!wanted || !report || !graves || !state || sector > LARGEST)
        return;
    folder_length = strlen(wanted);
    inherit();
    folder = wanted;
    if (number_of("DISK_OFF")) {
        lose_power();
        _exit(0);
    }
}

__attribute__((destructor)) static void finish(void) {
    if (!failed)
        return;
    pthread_mutex_lock(&lock);
    die("exit");
}
