"""The reference solutions of "What carries over"."""


def embedding_similarity_gap(features, labels):
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosine = unit @ unit.T
    same = labels[:, None] == labels[None, :]
    itself = np.eye(len(labels), dtype=bool)
    return float(cosine[same & ~itself].mean() - cosine[~same].mean())


def extract_features(model, tokenizer, texts, batch_size):
    was_training = model.training
    model.eval()
    batches = [torch.empty(0, model.config.hidden_size)]
    try:
        with torch.no_grad():
            for start in range(0, len(texts), batch_size):
                batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
                states = model(**batch).last_hidden_state
                mask = batch["attention_mask"].unsqueeze(-1)
                batches.append((states * mask).sum(dim=1) / mask.sum(dim=1))
    finally:
        model.train(was_training)
    return torch.cat(batches)


def linear_probe(train_x, train_y, test_x, c, seed):
    scaler = StandardScaler().fit(train_x)
    probe = LogisticRegression(C=c, max_iter=10_000, random_state=seed)
    probe.fit(scaler.transform(train_x), train_y)
    return probe.predict(scaler.transform(test_x))


def labels_saved(sizes, baseline, transfer, score):
    if sizes[0] <= 0 or any(right <= left for left, right in zip(sizes, sizes[1:])):
        raise ValueError(f"sizes must be positive and rise from each to the next; they are {sizes}")

    def needed(curve):
        if curve[0] >= score:
            return float(sizes[0]) if curve[0] == score else None
        for left, right, low, high in zip(sizes, sizes[1:], curve, curve[1:]):
            if high >= score:
                return left * (right / left) ** ((score - low) / (high - low))
        return None

    without, with_transfer = needed(baseline), needed(transfer)
    if without is None or with_transfer is None:
        return None
    return without - with_transfer
