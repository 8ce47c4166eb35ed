package guess_test

import (
	"testing"

	"assay/internal/collect/firmware/inspect/secret/guess"
)

// The hashes of this table were made with crypt(3), OpenSSL, htpasswd and Samba.
func TestPassword(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, hash, user, want string }{
		{"des", "ab8nSoD00brSQ", "root", "klv123"},
		{"md5", "$1$DD5f1tED$jcqvcZSVzUvyMgXKxyrnR.", "root", "jvbzd"},
		{"apr1", "$apr1$Zk3vP0ab$NCIDtTxwYFme/5I3tSwXq/", "x", "letmein"},
		{"sha256", "$5$saltstring$hsDKQQ7mU3gxUc/7HHOrF/3pvcah763Qb9bOeStSTm.", "", "admin123"},
		{"sha256-rounds", "$5$rounds=1000$saltstring$ndj6W5wyYoXpxHwe4KUxNq99f7Qo0hwrFMd2YiSyjg4", "", "1234"},
		{"sha512", "$6$qIqHQwoY$Pzt0A7lR37CEzvNBW38bKZhQGvTOSZCKOR.rZLE0BiCXxNOJCpe0pUqSRBWQtyGTPqs8vVmcc1x542F3uPk/A1", "root", "888888"},
		{"empty", "$6$qIqHQwoY$dOhFP4G4q09W256t.TGrV/YCqN6eMREP0aqWGZNLXV.CYTyokcR59E3PUaQ6xCtqivJfWfoP5vgLYEgevTOTF/", "root", ""},
		{"of-the-name", "$1$aa$AF1TwYWfhRxyrqToHNY8C/", "operator", "operator123"},
		{"sha", "{SHA}wLE3/i15JFnyb/djzORFdKW1qwM=", "", "welcome"},
		{"ssha", "{SSHA}FfLj6AU3hWWLYBV2YhkIN5fIo6lzYWx0", "", "guest"},
		{"nt", "8846F7EAEE8FB117AD06BDD830B7586C", "", "password"},
		{"md5-hex", "e10adc3949ba59abbe56e057f20f883e", "", "123456"},
		{"sha256-hex", "609f3cd0259264dc84847ea98e5095b13b489a4ed6b9d77349fe1356ad5b840b", "", "xc3511"},
		{"htdigest", "c1e7c53b340dc1fb54c5e7dceec49f55", "admin:camera", "12345"},
		{"broker", "$6$c2FsdHNhbHRzYWx0$RumZ2F2VlahfsCDFYe6YSILhf/zjn7KpR4VZstjpzkvqQcSfXhu9ky+GJL7tscrVDgtcGRoATVx/sGr9x01hVA==", "", "mosquitto"},
		{"bcrypt", "$2b$06$abcdefghijklmnopqrstuuDGW8gYySehmFp0N2xYAN5iX4EHOWQ3m", "x", "admin"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, _, ok := guess.New(guess.Default).Password(row.hash, row.user)
			if !ok || got != row.want {
				t.Errorf("%q, %v; want %q", got, ok, row.want)
			}
		})
	}
}

func TestPasswordOfTheImage(t *testing.T) {
	t.Parallel()
	const hash = "$6$XcQf7IRXwTyL$9V/L1R1/cJVCV5237chtwRaBdww4/khrEFTEBQL.9i8six2VFB6bqXZhPcatAd9AjQHc3lwdDmVYx9O55rqow/"
	if p, _, ok := guess.New(guess.Default).Password(hash, "root"); ok {
		t.Errorf("guessed %q", p)
	}
	if p, _, ok := guess.New(guess.Default).Password(hash, "root", "other", "Harbor8344"); !ok || p != "Harbor8344" {
		t.Errorf("%q, %v", p, ok)
	}
}

// TestBudget: what an image asks for is not paid, and an empty purse buys
// nothing.
func TestBudget(t *testing.T) {
	t.Parallel()
	const easy = "{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=" // admin
	if _, _, ok := guess.New(0).Password(easy, ""); ok {
		t.Error("guessed without a budget")
	}
	for _, hash := range []string{
		"$6$rounds=999999999$saltsalt$aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./z",
		"$6$rounds=6148914691236517205$saltsalt$aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./z",
		"$6$rounds=6148914691236517206$saltsalt$aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./z",
		"$5$rounds=99999999999999999999999$saltsalt$aB3./aB3./aB3./aB3./aB3./aB3./aB3./aB3./z",
		"$2b$31$NNNNNNNNNNNNNNNNNNNNNuABCDEFGHIJKLMNOPQRSTUVWXYZ01234", "$y$j9T$x$y", "", "x", "$6$", "{SSHA}x", "$1$",
	} {
		if p, _, ok := guess.New(guess.Default).Password(hash, "root"); ok {
			t.Errorf("%q: %q", hash, p)
		}
	}
}

// TestMany: the last of many expensive hashes is tried with the likeliest words,
// and what was not tried is told.
func TestMany(t *testing.T) {
	t.Parallel()
	g := guess.New(guess.Default)
	const other = "$6$XcQf7IRXwTyL$9V/L1R1/cJVCV5237chtwRaBdww4/khrEFTEBQL.9i8six2VFB6bqXZhPcatAd9AjQHc3lwdDmVYx9O55rqow/"
	const easy = "$6$qIqHQwoY$Pzt0A7lR37CEzvNBW38bKZhQGvTOSZCKOR.rZLE0BiCXxNOJCpe0pUqSRBWQtyGTPqs8vVmcc1x542F3uPk/A1" // 888888
	for i := range 12 {
		if p, tried, ok := g.Password(other, "root"); ok || tried != guess.Some {
			t.Errorf("%d: %q, %v, %v", i, p, tried, ok)
		}
	}
	if p, _, ok := g.Password(easy, "root"); !ok || p != "888888" {
		t.Errorf("the last: %q, %v", p, ok)
	}
	if _, tried, _ := g.Password("$y$j9T$x$y", "root"); tried != guess.None {
		t.Errorf("yescrypt: %v", tried)
	}
	if _, tried, _ := guess.New(guess.Default).Password("{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "root"); tried != guess.All {
		t.Errorf("a cheap one: %v", tried)
	}
}

func FuzzPassword(f *testing.F) {
	for _, s := range []string{"$1$a$b", "$6$rounds=1$a$b", "{SSHA}AAAA", "ab0123456789.", "d41d8cd98f00b204e9800998ecf8427e", "$2b$04$aaaaaaaaaaaaaaaaaaaaaa", "$6$a+$b=", "$6$rounds=6148914691236517205$a$b"} {
		f.Add(s, "root")
	}
	f.Fuzz(func(t *testing.T, hash, user string) {
		guess.New(30_000).Password(hash, user)
	})
}

func BenchmarkSchemes(b *testing.B) {
	for name, hash := range map[string]string{
		"des":    "abAD2HlasJu76",
		"md5":    "$1$ab$kefLI.fV/nwEcSk6HKy2M1",
		"sha256": "$5$ab$VNGMCn8r8Y/pjZpl1A4erdB8pqJKLzv0RTMq8xjVRG.",
		"sha512": "$6$ab$n5FdFHWizh9JwNBsdUUrH8UF4RPo8.kvmqqsOY3pVNCo.clicUccIdCz1T9pixog8wVu8r76g9nLZvGrXDW/1.",
		"bcrypt": "$2b$06$abcdefghijklmNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				guess.New(1_000_000).Password(hash, "root")
			}
		})
	}
}

// TestShare: parts of a budget don't depend on what others find, and the last of
// many hashes has the likeliest words.
func TestShare(t *testing.T) {
	t.Parallel()
	const other = "$6$XcQf7IRXwTyL$9V/L1R1/cJVCV5237chtwRaBdww4/khrEFTEBQL.9i8six2VFB6bqXZhPcatAd9AjQHc3lwdDmVYx9O55rqow/"
	const easy = "$6$qIqHQwoY$Pzt0A7lR37CEzvNBW38bKZhQGvTOSZCKOR.rZLE0BiCXxNOJCpe0pUqSRBWQtyGTPqs8vVmcc1x542F3uPk/A1" // 888888
	hashes := []string{other, other, other, easy}
	g := guess.Share(guess.Default, hashes, []string{"a", "b", "c", "root"})
	if p, _, ok := g[3].Password(easy, "root"); !ok || p != "888888" {
		t.Errorf("the last: %q, %v", p, ok)
	}
	if p, tried, ok := g[0].Password(other, "a"); ok || tried != guess.Some {
		t.Errorf("the first: %q, %v, %v", p, tried, ok)
	}
	if none := guess.Share(0, hashes, []string{"a", "b", "c", "root"}); len(none) != 4 {
		t.Error("no budget")
	} else if _, _, ok := none[3].Password(easy, "root"); ok {
		t.Error("guessed without a budget")
	}
}

// TestFirst: what fits is found and paid alike, whichever core comes to it first.
func TestFirst(t *testing.T) {
	t.Parallel()
	const hash, password = "$apr1$Zk3vP0ab$NCIDtTxwYFme/5I3tSwXq/", "letmein"
	known := make([]string, 40) // they come before the dictionary, and two of them fit
	for i := range known {
		known[i] = "another"
	}
	known[7], known[31] = password, password
	left := 0
	for i := range 20 {
		g := guess.New(guess.Default)
		if p, tried, ok := g.Password(hash, "nobody", known...); !ok || p != password || tried != guess.All {
			t.Fatalf("%q, %v, %v", p, tried, ok)
		}
		if n := g.Left(); i > 0 && n != left {
			t.Fatalf("%d rounds are left, before %d", n, left)
		} else {
			left = n
		}
	}
}
