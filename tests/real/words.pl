# Counts and sorts made-up words, matches them with expressions, and asks a child for the sum.
use strict;
use warnings;

my (%count, %by_length);
my $seed = 12345;
for (1 .. 60000) {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    my $word = join '', map { chr(97 + ($seed >> $_) % 26) } (3, 7, 11);
    $count{$word}++;
    push @{ $by_length{ $seed % 17 } }, "$word$seed";
}
my @often = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "$_ $count{$_}\n" for @often[0 .. 9];
my $vowels = grep { /[aeiou].*[aeiou]/ } @often;
(my $joined = join ',', @often[0 .. 999]) =~ s/([a-m])([n-z])/$2$1/g;
print "$vowels ", length($joined), " ", scalar(map { @$_ } values %by_length), "\n";
open my $child, '-|', 'expr', 40, '+', 2 or die "expr: $!";
print "from the child: ", <$child>;
close $child;
warn "done\n";
exit 4;
