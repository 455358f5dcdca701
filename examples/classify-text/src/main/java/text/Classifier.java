package text;

import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Naive Bayes over words, with one added to each count. */
final class Classifier {
    private final Map<String, Map<String, Integer>> counts = new HashMap<>();
    private final Set<String> words = new HashSet<>();

    void learn(String label, String text) {
        Map<String, Integer> own = counts.computeIfAbsent(label, one -> new HashMap<>());
        wordsOf(text).forEach(word -> {
            own.merge(word, 1, Integer::sum);
            words.add(word);
        });
    }

    String classify(String text) {
        return counts.keySet().stream().max(Comparator.comparingDouble(label -> likelihood(label, text))).orElse("nothing");
    }

    private double likelihood(String label, String text) {
        Map<String, Integer> own = counts.get(label);
        double total = own.values().stream().mapToInt(Integer::intValue).sum() + words.size();
        return wordsOf(text).mapToDouble(word -> Math.log((own.getOrDefault(word, 0) + 1) / total)).sum();
    }

    private static Stream<String> wordsOf(String text) {
        return Stream.of(text.toLowerCase().split("[^\\p{L}]+")).filter(word -> !word.isEmpty());
    }
}
